"""Effects ledger: tool calls, claimed before they happen, so that nothing happens twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, bindparam, select, update

from ..errors import NotFoundError, StoreError
from ..state.values import Json
from .database import Database
from .grants import give_back, lock_grant, use_grant
from .payloads import Content, contents_of, holder_of_thread, insert_content, stored_json
from .records import EffectClaim, EffectRecord, EffectState
from .schema import business_keys, effects, payloads
from .statements import insert_if_absent

_CALLS = select(effects, payloads.c.data).outerjoin(
    payloads, effects.c.output_digest == payloads.c.digest
)
_OF_KEY = _CALLS.where(effects.c.key == bindparam("call"))
_CHANGED = update(effects).where(effects.c.key == bindparam("call"))
_LOCKED = select(effects.c.seq).where(effects.c.key == bindparam("call")).with_for_update()

RepeatedClaim = Literal["grant", "in_doubt", "keep"]

_READ = "effect "
"""How the keys of reads begin that wait for the next write."""
_NOT_IN_THE_ROW = {"business_key", "grant"}


def judge_repeated(record: EffectRecord, *, owner: str, now: float) -> RepeatedClaim:
    """Decide about a call that was claimed before: may it be performed (again)?

    What the ledger recorded of the tool counts, not what the tool promises today: the first call
    was made under the recorded promise.

    Returns:
        `grant`: perform it. `in_doubt`: it may have happened and nobody will say, so it becomes
        `unknown`. `keep`: leave it as it is.
    """
    claim = record.claim
    if record.state == "done":
        return "keep"
    if record.state == "failed" or claim.effect == "read":
        return "grant"
    abandoned = record.lease_expires_at <= now
    if claim.idempotency == "none":
        return "in_doubt" if record.state == "claimed" and abandoned else "keep"
    return "grant" if abandoned or record.owner == owner else "keep"


class SqlEffectsLedger:
    """Tool calls, claimed before they happen.

    Args:
        database: Where to.
        clock: Unix time in seconds.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def claim(self, claim: EffectClaim, *, owner: str, lease_seconds: float) -> EffectRecord:
        """Claim a call, or return what is known of it; `granted` says whether to perform it.

        A call whose effect is `read` is granted in every state but `done`: it may be repeated.
        """

        def work(connection: Connection) -> EffectRecord:
            now = self._clock()
            lease: dict[str, Any] = {"owner": owner, "lease_expires_at": now + lease_seconds}
            if rival := _rival(connection, claim):
                return rival
            # Before the effect's own row, in every claim, so that no two wait for each other.
            use = _use(connection, claim, owner=owner, now=now)
            if use is None:
                return EffectRecord(claim=claim, state="failed", fence=0, uncovered=True)
            allowed = {"granted": True, "grant_use": use}
            if _insert(connection, claim, now=now, **lease):
                return _load(connection, claim.key).model_copy(update=allowed)
            record = _locked(connection, claim.key)
            match judge_repeated(record, owner=owner, now=now):
                case "keep":
                    return record
                case "in_doubt":
                    return _change(connection, claim.key, state="unknown")
                case "grant":
                    if not claim.grant:
                        give_back(connection, claim.key)
                    granted = _change(
                        connection,
                        claim.key,
                        state="claimed",
                        fence=record.fence + 1,
                        attempts=record.attempts + 1,
                        claimed_at=now,
                        settled_at=None,
                        error="",
                        **lease,
                    )
                    return granted.model_copy(update=allowed)

        return await self._database.write(work)

    async def confirm(self, key: str, *, fence: int, owner: str, lease_seconds: float) -> bool:
        """Say whether a claim still stands; a standing one is held for so long from now on.

        A claim that stands for so long already is only read.
        """
        until = self._clock() + lease_seconds

        def work(connection: Connection) -> bool:
            record = _locked(connection, key)
            stands = (record.fence, record.state, record.owner) == (fence, "claimed", owner)
            if stands and record.lease_expires_at < until:
                _change(connection, key, lease_expires_at=until)
            return stands

        known = await self.get(key)
        if known is None or known.fence != fence or known.state != "claimed":
            return False
        if known.owner == owner and known.lease_expires_at >= until:
            return True
        return await self._database.write(work)

    async def settle(
        self,
        key: str,
        *,
        fence: int,
        state: Literal["done", "failed", "unknown"],
        output: Json = None,
        error: str = "",
        under_way: float = 0.0,
    ) -> EffectRecord:
        """Record how a claimed call ended. The same settlement twice changes nothing.

        Args:
            key: The call.
            fence: Of the claim.
            state: How it ended; `unknown` also for one that nobody waits for any more.
            output: What it returned.
            error: Why it failed.
            under_way: Seconds for which an `unknown` call is on its way still; see `hold`.

        Raises:
            NotFoundError: The call was never claimed.
            StoreError: Somebody else holds the call by now, or it was settled otherwise.
        """
        [content] = await contents_of(self._database, [output])

        def work(connection: Connection) -> EffectRecord:
            record = _locked(connection, key)
            if record.fence != fence:
                raise _superseded(key, f"Fence {fence} is not the newest, {record.fence} is.")
            if record.state == state and state != "unknown":
                return record
            if record.state in ("done", "failed"):
                raise _superseded(key, f"The call was settled as {record.state}.")
            settled = self._settled(connection, record, state, content, output, error=error)
            return self._held(connection, settled, under_way) if under_way else settled

        return await self._database.write(work)

    async def hold(self, key: str, *, fence: int, under_way: float) -> bool:
        """Say that an `unknown` call has not ended before so many seconds from now.

        Until then no look-up that finds nothing is believed: it counts as ended then.

        Returns:
            Whether it is still in doubt, and under the same fence.
        """

        def work(connection: Connection) -> bool:
            record = _locked(connection, key)
            if (record.fence, record.state) != (fence, "unknown"):
                return False
            self._held(connection, record, under_way)
            return True

        return await self._database.write(work)

    def _held(self, connection: Connection, record: EffectRecord, under_way: float) -> EffectRecord:
        until = self._clock() + under_way
        lease = max(record.lease_expires_at, until)
        return _change(connection, record.claim.key, settled_at=until, lease_expires_at=lease)

    async def record_read(
        self,
        claim: EffectClaim,
        *,
        attempts: int,
        began: float,
        state: Literal["done", "failed"],
        output: Json = None,
        error: str = "",
    ) -> None:
        """Record a call that changes nothing, which nobody has claimed.

        It is committed with whatever is written next and before it, as a step's outcome is; if the
        process dies before, the call is made again.

        Args:
            claim: The call.
            attempts: How often the step has made it.
            began: When it began.
            state: How it ended.
            output: What it returned.
            error: Why it failed.
        """
        [content] = await contents_of(self._database, [output])
        known = (output, None) if content.is_short else (None, content.digest)
        values = {
            "state": state,
            "attempts": attempts,
            "claimed_at": began,
            "settled_at": self._clock(),
            "output": known[0],
            "output_digest": known[1],
            "error": error,
        }

        def work(connection: Connection) -> None:
            if not content.is_short:
                insert_content(connection, content, by=holder_of_thread(claim.thread_id))
            if not insert_if_absent(connection, effects, **_row(claim), **values):
                older = effects.c.key == claim.key, effects.c.claimed_at < began
                connection.execute(update(effects).where(*older).values(values))

        await self._database.with_next_write(f"{_READ}{claim.key}", work)

    async def reopen(
        self, key: str, *, ended: Literal["done", "failed"], output: Json, note: str
    ) -> None:
        """Record what reconciliation or a person found out about an `unknown` call.

        The fence grows, so that a worker which comes back from the dead cannot contradict it.

        Raises:
            NotFoundError: The call was never claimed.
            StoreError: The call is not `unknown`.
        """
        [content] = await contents_of(self._database, [output])

        def work(connection: Connection) -> None:
            record = _locked(connection, key)
            if record.state != "unknown":
                raise _superseded(key, f"The call is {record.state}, not unknown.")
            self._settled(
                connection, record, ended, content, output, note=note, fence=record.fence + 1
            )

        await self._database.write(work)

    def _settled(
        self,
        connection: Connection,
        record: EffectRecord,
        state: EffectState,
        content: Content,
        output: Json,
        **values: Any,
    ) -> EffectRecord:
        if content.is_short:
            values["output"] = output
        else:
            by = holder_of_thread(record.claim.thread_id)
            insert_content(connection, content, by=by)
            values["output_digest"] = content.digest
        if state == "done":
            values["owner"] = ""  # Nobody holds a finished call; the name would only take space.
        return _change(
            connection, record.claim.key, state=state, settled_at=self._clock(), **values
        )

    async def get(self, key: str) -> EffectRecord | None:
        """Return what is known of a call."""

        def work(connection: Connection) -> EffectRecord | None:
            return _found(connection, key)

        return await self._database.read(work)

    async def of_run(self, run_id: str) -> Sequence[EffectRecord]:
        """Return the calls of a run in the order of their first claims."""
        await self._database.write_what_waits(_READ)
        return await self._all(effects.c.run_id == run_id)

    async def equal_calls(self, run_id: str, tool: str, args_digest: str) -> Sequence[EffectRecord]:
        """Return the claimed calls of a run to one tool with the same arguments, in their order."""
        return await self._all(
            effects.c.run_id == run_id,
            effects.c.tool == tool,
            effects.c.args_digest == args_digest,
        )

    async def _all(self, *conditions: ColumnElement[bool]) -> list[EffectRecord]:
        query = _CALLS.where(*conditions).order_by(effects.c.seq)
        return await self._database.read(
            lambda connection: [_record(row) for row in connection.execute(query)]
        )


def _rival(connection: Connection, claim: EffectClaim) -> EffectRecord | None:
    """Take the business key for this call, or return the call that has it."""
    if not claim.business_key:
        return None
    named = business_keys.c.digest == claim.business_key
    insert_if_absent(connection, business_keys, digest=claim.business_key, effect_key=claim.key)
    query = select(business_keys.c.effect_key).where(named).with_for_update()
    holder = str(connection.execute(query).scalar_one())
    if holder == claim.key:
        return None
    rival = _found(connection, holder)
    if rival is None or rival.state == "failed":
        connection.execute(update(business_keys).where(named).values(effect_key=claim.key))
        return None
    return rival.model_copy(update={"taken": True})


def _use(connection: Connection, claim: EffectClaim, *, owner: str, now: float) -> int | None:
    """Take a use of the claim's grant, if the claim would be granted; `None` if there is none.

    What was done before, or is being done, needs no right to come back.
    """
    if not claim.grant:
        return 0
    lock_grant(connection, claim.grant)
    known = _found(connection, claim.key)
    if known is not None and judge_repeated(known, owner=owner, now=now) != "grant":
        return 0
    return use_grant(connection, claim.grant, claim.key, now=now) or None


def _insert(
    connection: Connection, claim: EffectClaim, *, now: float, owner: str, lease_expires_at: float
) -> bool:
    return insert_if_absent(
        connection,
        effects,
        **{**_row(claim), "owner": owner, "lease_expires_at": lease_expires_at},
        state="claimed",
        attempts=1,
        error="",
        claimed_at=now,
    )


def _row(claim: EffectClaim) -> dict[str, Any]:
    """Return the columns of a new row that do not depend on how the call goes."""
    told = claim.model_dump(exclude=_NOT_IN_THE_ROW)
    return {**told, "fence": 1, "owner": "", "lease_expires_at": 0.0, "note": ""}


def _locked(connection: Connection, key: str) -> EffectRecord:
    # Apart from reading: PostgreSQL would join the row it waited for with the payload of before.
    connection.execute(_LOCKED, {"call": key})
    return _load(connection, key)


def _load(connection: Connection, key: str) -> EffectRecord:
    known = _found(connection, key)
    if known is None:
        raise NotFoundError(
            "The call was never claimed.", where=f"effect {key}", fix="Claim it first."
        )
    return known


def _found(connection: Connection, key: str) -> EffectRecord | None:
    row = connection.execute(_OF_KEY, {"call": key}).one_or_none()
    return None if row is None else _record(row)


def _change(connection: Connection, key: str, **values: Any) -> EffectRecord:
    connection.execute(_CHANGED, {"call": key, **values})
    return _load(connection, key)


def _record(row: Row[Any]) -> EffectRecord:
    names = EffectClaim.model_fields.keys() - _NOT_IN_THE_ROW
    claim = EffectClaim(**{name: getattr(row, name) for name in names})
    return EffectRecord(
        claim=claim,
        state=row.state,
        fence=row.fence,
        owner=row.owner,
        lease_expires_at=row.lease_expires_at,
        attempts=row.attempts,
        output=row.output if row.data is None else stored_json(row.data),
        error=row.error,
        note=row.note,
        claimed_at=row.claimed_at,
        settled_at=row.settled_at,
    )


def _superseded(key: str, message: str) -> StoreError:
    return StoreError(message, where=f"effect {key}", fix="Claim it again to see what is known.")
