"""Forgetting somebody: all threads that they began, and what is kept about them besides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import NotFoundError
from ..state.values import JsonObject
from ..stores.forgetting.forgettings import ForgettingIntent
from ..stores.forgetting.principals import KnownPrincipal
from ..stores.records import DeletionReceipt, KeptRecords, PrincipalReceipt
from .forgetting import CheckpointPlace, finish_forgettings, may_act
from .forgetting_turn import forgetting_turn

if TYPE_CHECKING:
    from ..stores.store import SqlStore

DONE = "principal_forgotten"
"""Kind of the audit log's entry that tells of it."""


async def forget_principal(
    store: SqlStore,
    person: KnownPrincipal,
    *,
    checkpoints: Sequence[CheckpointPlace],
    actor: str = "",
    reason: str = "",
) -> PrincipalReceipt:
    """Forget a principal, or finish what was begun of that.

    Every intent is recorded before anything is removed, so that cut off in the middle all of them
    are known, and doing it again, or a worker, goes on.

    Args:
        store: Where their threads are.
        person: The principal; with a tenant, only threads of that one.
        checkpoints: Wherever threads' state may be.
        actor: Who wants it.
        reason: Why; the audit log keeps it.

    Returns:
        What was removed of all threads together, also by what was cut off before.

    Raises:
        NotFoundError: Nothing is kept about such a principal.
        OperatorError: A run is at work on one of the threads; nothing was removed.
        StoreError: A database refused; what is missing is done by doing it again.
    """
    stands_for = person.digest()
    threads = await store.principals.threads(person)
    before = await store.forgettings.of_principal(stands_for)
    if not (threads.own or before):
        raise _unknown(person, threads.others)
    if threads.own:
        intents = [
            ForgettingIntent(
                thread=thread, actor=actor, reason=reason, known=True, principal=stands_for
            )
            for thread in threads.own
        ]
        await store.forgettings.begin(intents, acts=may_act, about=person)
    receipts = await store.forgettings.of_principal(stands_for)
    unfinished = [one.thread_id for one in receipts if one.ended_at is None]
    if unfinished:
        async with forgetting_turn(store.leases):
            await finish_forgettings(store, unfinished, checkpoints=checkpoints)
        receipts = await store.forgettings.of_principal(stands_for)
    whole = _whole(stands_for, receipts, threads.others)
    body: JsonObject = {
        "principal": stands_for,
        "reason": reason,
        "threads": len(whole.threads),
        "removed": {**whole.removed},
    }
    entry = await store.audit.append(DONE, tenant=person.tenant or "", actor=actor, body=body)
    return whole.model_copy(update={"audit_entry": entry.seq, "audit_tenant": entry.tenant})


def _whole(
    principal: str, receipts: Sequence[DeletionReceipt], others: tuple[str, ...]
) -> PrincipalReceipt:
    """Return the receipts of threads as one."""
    removed: dict[str, int] = {}
    for receipt in receipts:
        for place, count in receipt.removed.items():
            removed[place] = removed.get(place, 0) + count
    last = receipts[-1]
    return PrincipalReceipt(
        principal=principal,
        threads=tuple(receipt.thread_id for receipt in receipts),
        removed=dict(sorted(removed.items())),
        kept=_together([kept for receipt in receipts for kept in receipt.kept]),
        left_to_others=others,
        rewritten=last.rewritten,
        out_of_reach=last.out_of_reach,
    )


def _together(kept: Sequence[KeptRecords]) -> tuple[KeptRecords, ...]:
    counts: dict[tuple[str, str], int] = {}
    for each in kept:
        counts[each.place, each.why] = counts.get((each.place, each.why), 0) + each.count
    return tuple(
        KeptRecords(place=place, count=count, why=why) for (place, why), count in counts.items()
    )


def _unknown(person: KnownPrincipal, others: tuple[str, ...]) -> NotFoundError:
    tenant = f" of tenant {person.tenant}" if person.tenant else ""
    said = (
        f"They began no thread; they took part in {', '.join(others[:5])}, which others began."
        if others
        else "Nothing is kept about such a principal."
    )
    return NotFoundError(
        said,
        where=f"principal {person.id}{tenant}",
        fix="Check the id, as authentication or the settings give it.",
    )
