"""Journal: outcomes of steps, and plans and answers, each committed once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Executable, Row, bindparam, select

from ..state.migrations import read_stored, stamped, unstamped
from ..state.results import StepResult
from ..state.values import Json, JsonObject, digest
from .database import Database
from .payloads import contents_of, holder_of_thread, insert_content, stored_json
from .records import RunOwner, RunRecords
from .schema import notes, outcomes, payloads
from .statements import insert_if_absent
from .thread_classes import insert_classes

ANSWER = "answer:"
"""How the kind of an answer's note begins."""
OWNER = "owner"
"""Kind of the note that says for whom a run is."""


_OUTCOME = (
    select(outcomes, payloads.c.data)
    .outerjoin(payloads, outcomes.c.output_digest == payloads.c.digest)
    .where(
        outcomes.c.run_id == bindparam("run"),
        outcomes.c.plan_version == bindparam("of_plan"),
        outcomes.c.step == bindparam("of_step"),
    )
    .order_by(outcomes.c.seq)
    .limit(1)
)
_BOUND_OUTCOME = _OUTCOME.where(outcomes.c.bound.in_([bindparam("inputs"), ""]))
_OF_RUN = select(outcomes).where(outcomes.c.run_id == bindparam("run")).order_by(outcomes.c.seq)
_ENDED = select(outcomes.c.plan_version, outcomes.c.step).where(
    outcomes.c.run_id == bindparam("run")
)
_NOTED = select(notes.c.kind, notes.c.version, notes.c.body).where(
    notes.c.run_id == bindparam("run")
)


class SqlJournal:
    """Outcomes of steps, plans and answers: each committed once, read back after a crash.

    Args:
        database: Where to.
        clock: Unix time in seconds.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def outcome(
        self, run_id: str, plan_version: int, step: str, *, bound: str = ""
    ) -> StepResult | None:
        """Return the recorded final outcome of a step, output included.

        With `bound`, that of the step with these inputs; outcomes of before carry none.
        """
        asked = {"run": run_id, "of_plan": plan_version, "of_step": step}

        def work(connection: Connection) -> StepResult | None:
            if bound:
                found = connection.execute(_BOUND_OUTCOME, {**asked, "inputs": bound})
            else:
                found = connection.execute(_OUTCOME, asked)
            row = found.one_or_none()
            return None if row is None else _result(row)

        return await self._database.read(work)

    async def record_outcome(self, run_id: str, thread_id: str, result: StepResult) -> None:
        """Commit a step's outcome, its output as a payload. A second record is ignored."""
        [content] = await contents_of(self._database, [result.output])
        body = stamped(result.to_json())
        del body["step"]
        for key in ("plan_version", "bound"):
            body.pop(key, None)
        if not content.is_short:
            del body["output"]

        def work(connection: Connection) -> None:
            if not content.is_short:
                insert_content(connection, content, by=holder_of_thread(thread_id))
            insert_if_absent(
                connection,
                outcomes,
                run_id=run_id,
                thread_id=thread_id,
                plan_version=result.plan_version,
                step=result.step,
                bound=result.bound,
                body=body,
                output_digest=None if content.is_short else content.digest,
            )
            insert_classes(connection, thread_id, result.data_class)

        await self._database.write(work)

    async def note_classes(self, thread_id: str, classes: Collection[str]) -> None:
        """Note which classes of data a thread was given, with whatever is written next."""
        if classes and thread_id:
            await self._database.with_next_write(
                f"classes {thread_id} {sorted(classes)}",
                lambda connection: insert_classes(connection, thread_id, classes),
            )

    async def outcomes(self, run_id: str) -> Sequence[StepResult]:
        """Return all outcomes of a run in the order they were committed.

        A large output is left out and `payload` names it.
        """
        return await self._all(_OF_RUN, _result_without_output, run=run_id)

    async def known(self, run_id: str) -> RunRecords:
        """Return what is on record of a run: its notes, and which steps have ended."""
        of_run = {"run": run_id}

        def work(connection: Connection) -> RunRecords:
            ended = connection.execute(_ENDED, of_run)
            noted = connection.execute(_NOTED, of_run)
            return RunRecords(
                ended=frozenset((row.plan_version, row.step) for row in ended),
                notes={(row.kind, row.version): _note_body(row.body, run_id) for row in noted},
            )

        return await self._database.read(work)

    async def note(self, run_id: str, kind: str, version: int) -> JsonObject | None:
        """Return a journaled plan, revision or answer."""
        query = select(notes.c.body).where(
            notes.c.run_id == run_id, notes.c.kind == kind, notes.c.version == version
        )

        def work(connection: Connection) -> JsonObject | None:
            row = connection.execute(query).one_or_none()
            return None if row is None else _note_body(row.body, run_id)

        return await self._database.read(work)

    async def owner(self, run_id: str) -> RunOwner | None:
        """Return for whom a run is; runs of the local person keep no note of it."""
        body = await self.note(run_id, OWNER, 0)
        return None if body is None else _owner_of(body, run_id)

    async def answer(self, run_id: str) -> JsonObject | None:
        """Return the newest answer that a run came to."""
        query = (
            select(notes.c.body)
            .where(notes.c.run_id == run_id, notes.c.kind.startswith(ANSWER))
            .order_by(notes.c.seq.desc())
            .limit(1)
        )

        def work(connection: Connection) -> JsonObject | None:
            row = connection.execute(query).one_or_none()
            return None if row is None else _note_body(row.body, run_id)

        return await self._database.read(work)

    async def record_note(
        self,
        run_id: str,
        thread_id: str,
        kind: str,
        version: int,
        body: JsonObject,
        *,
        wait: bool = True,
    ) -> None:
        """Commit a plan, revision or answer. A second record is ignored.

        Without `wait` it is committed with whatever is written next, and nothing before it.
        """
        at = self._clock()
        body = stamped(body)

        def work(connection: Connection) -> None:
            insert_if_absent(
                connection,
                notes,
                run_id=run_id,
                thread_id=thread_id,
                kind=kind,
                version=version,
                body=body,
                at=at,
            )

        if wait:
            await self._database.write(work)
        else:
            await self._database.with_next_write(f"note {run_id} {kind} {version}", work)

    async def notes(self, thread_id: str) -> Sequence[JsonObject]:
        """Return `{"run_id", "kind", "version", "body", "at"}` of a thread, oldest first."""
        query = select(notes).where(notes.c.thread_id == thread_id).order_by(notes.c.seq)
        names = ("run_id", "kind", "version", "at")
        return await self._all(
            query,
            lambda row: (
                {name: getattr(row, name) for name in names}
                | {"body": _note_body(row.body, row.run_id)}
            ),
        )

    async def _all(
        self, query: Executable, read: Callable[[Row[Any]], Any], **asked: str
    ) -> list[Any]:
        return await self._database.read(
            lambda connection: [read(row) for row in connection.execute(query, asked)]
        )


def owner_key(thread: str) -> str:
    """Return under which run's id it is noted who came first to a thread: no run's."""
    return digest([OWNER, thread])[:32]


def tenant_of_run(connection: Connection, run_id: str) -> str:
    """Return the tenant that a run was for; runs of the local person keep no note of one."""
    query = select(notes.c.body).where(
        notes.c.run_id == run_id, notes.c.kind == OWNER, notes.c.version == 0
    )
    body = connection.execute(query).scalar_one_or_none()
    return "" if body is None else owner_in(body, run_id).tenant


def owner_in(body: JsonObject, run_id: str) -> RunOwner:
    """Read the body of a note that says for whom a run is."""
    return _owner_of(_note_body(body, run_id), run_id)


def _owner_of(body: JsonObject, run_id: str) -> RunOwner:
    return read_stored(RunOwner, body, where=_place(run_id))


def _note_body(body: JsonObject, run_id: str) -> JsonObject:
    return unstamped("note", body, where=_place(run_id))


def _place(run_id: str) -> str:
    return f"pointsman_notes.body, journal of run {run_id}"


def _result(row: Row[Any]) -> StepResult:
    more = {} if row.data is None else {"output": stored_json(row.data)}
    return _read_result(row, **more)


def _result_without_output(row: Row[Any]) -> StepResult:
    more = {} if row.output_digest is None else {"payload": row.output_digest}
    return _read_result(row, **more)


def _read_result(row: Row[Any], **more: Json) -> StepResult:
    where = f"pointsman_outcomes.body, journal of run {row.run_id}, step {row.step}"
    body = unstamped("outcome", row.body, where=where)
    keys = {"step": row.step, "plan_version": row.plan_version, "bound": row.bound}
    return read_stored(StepResult, {**body, **keys, **more}, where=where)
