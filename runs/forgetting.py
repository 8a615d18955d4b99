"""Forgetting a thread: its checkpoints, and all that the store holds of it.

The order is what makes it resumable: the intent first, which takes the thread from everybody; then
the store's rows, in one transaction that still knows which payloads the checkpoints name; then the
checkpoints; then the files, written anew. Whatever ends it in between, doing it again does the
rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..stores.engines import store_url
from ..stores.forgetting.forgettings import ForgettingIntent
from ..stores.forgetting.rewriting import POSTGRES_FLOOR, rewrite
from ..stores.records import DeletionReceipt, LeaseHolder
from ..tools.owner import has_ended, is_here, process_of, this_process
from .forgetting_turn import forgetting_turn

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from ..stores.store import SqlStore

CHECKPOINTS = "checkpoints"
"""Where a receipt counts them."""
_OUT_OF_REACH = (
    "Backups and copies of the databases.",
    "What was sent elsewhere: to models, tools, LangSmith or a telemetry collector.",
    "Checkpoints that an Agent Server or your own checkpointer keeps; delete the thread there too.",
)


@dataclass(frozen=True, kw_only=True)
class CheckpointPlace:
    """Checkpoints, and the database that they are in."""

    saver: BaseCheckpointSaver[Any]
    where: str | Path = ""
    """To be written anew; empty: whoever keeps it sees to that."""


async def forget_thread(
    store: SqlStore,
    thread: str,
    *,
    checkpoints: Sequence[CheckpointPlace],
    actor: str = "",
    reason: str = "",
    seen: str | None = None,
) -> DeletionReceipt:
    """Forget a thread, or finish what was begun of that; its id is not used again.

    Args:
        store: Where its journal, calls, requests and audit log are.
        thread: The thread.
        checkpoints: Wherever its state may be.
        actor: Who wants it.
        reason: Why; the audit log keeps it.
        seen: The tenant whose threads that person may see; `None` for all.

    Returns:
        What was removed where, what was kept and why, and the entry of the audit log.

    Raises:
        NotFoundError: There is no such thread.
        OperatorError: A run is at work on it; nothing was removed. Or others are forgetting.
        StoreError: A database refused; what is missing is done by doing it again.
    """
    known = [await _has(place.saver, thread) for place in checkpoints]
    intent = ForgettingIntent(
        thread=thread, actor=actor, reason=reason, seen=seen, known=any(known)
    )
    await store.forgettings.begin([intent], acts=may_act)
    async with forgetting_turn(store.leases):
        [receipt] = await finish_forgettings(store, [thread], checkpoints=checkpoints)
    return receipt


async def finish_forgettings(
    store: SqlStore, threads: Sequence[str], *, checkpoints: Sequence[CheckpointPlace]
) -> list[DeletionReceipt]:
    """Do what is missing of forgettings that were begun; the files are written anew once.

    Args:
        store: Where the intents are.
        threads: The threads.
        checkpoints: Wherever their state may be.

    Raises:
        StoreError: A database refused; what is missing is done by doing it again.
    """
    # Imported when it is needed: reading a thread's records does without LangGraph.
    from ..stores.forgetting.checkpoint_removal import named_by_others, named_by_thread

    forgettings = store.forgettings
    others: frozenset[str] | None = None
    for thread in threads:
        named = [await named_by_thread(place.saver, thread) for place in checkpoints]
        own = frozenset[str]().union(*(each.digests for each in named))
        while await forgettings.remove(thread, named=own, needed=others) is None:
            elsewhere = [await named_by_others(place.saver, threads) for place in checkpoints]
            others = frozenset[str]().union(*elsewhere)
        await forgettings.note_removed(thread, CHECKPOINTS, sum(each.count for each in named))
        for place in checkpoints:
            await place.saver.adelete_thread(thread)
    rewritten = await rewrite_all(store, checkpoints)
    on_postgres = store.database.url.get_backend_name() != "sqlite" or any(
        store_url(place.where).get_backend_name() != "sqlite"
        for place in checkpoints
        if place.where
    )
    left = (*((POSTGRES_FLOOR,) if on_postgres else ()), *_OUT_OF_REACH)
    return [
        await forgettings.finish(thread, rewritten=rewritten, out_of_reach=left)
        for thread in threads
    ]


async def rewrite_all(store: SqlStore, checkpoints: Sequence[CheckpointPlace]) -> list[str]:
    """Write the databases of checkpoints and store anew, and return their names.

    Raises:
        StoreError: One is in use, or the disk is full; it is to be done again.
    """
    urls = [store_url(place.where) for place in checkpoints if place.where]
    databases = [*dict.fromkeys([*urls, store.database.url])]
    return [await asyncio.to_thread(rewrite, url) for url in databases]


async def _has(saver: BaseCheckpointSaver[Any], thread: str) -> bool:
    async for _ in saver.alist({"configurable": {"thread_id": thread}}, limit=1):
        return True
    return False


def may_act(holder: LeaseHolder, now: float) -> bool:
    """Say whether whoever holds a lease may still act under it.

    A process of this machine that only sleeps comes back with what it has in hand, after its lease
    has run out too. One of another machine is given until then.
    """
    if has_ended(holder.owner):
        return False
    sleeps = is_here(holder.owner) and process_of(holder.owner) != this_process()
    return holder.expires_at > now or sleeps
