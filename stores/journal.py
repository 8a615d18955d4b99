"""Journal: outcomes of steps, and plans and answers, each committed once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Executable, Row, select

from ..state.results import StepResult
from ..state.values import JsonObject
from .database import Database
from .payloads import content_of, insert_content, stored_json
from .schema import notes, outcomes, payloads
from .statements import insert_if_absent


class SqlJournal:
    """`Journal` over the database.

    Args:
        database: Where to.
        clock: Unix time in seconds.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def outcome(self, run_id: str, plan_version: int, step: str) -> StepResult | None:
        """Return the recorded final outcome of a step, output included."""
        query = (
            select(outcomes, payloads.c.data)
            .outerjoin(payloads, outcomes.c.output_digest == payloads.c.digest)
            .where(
                outcomes.c.run_id == run_id,
                outcomes.c.plan_version == plan_version,
                outcomes.c.step == step,
            )
        )

        def work(connection: Connection) -> StepResult | None:
            row = connection.execute(query).one_or_none()
            return None if row is None else _result(row)

        return await self._database.read(work)

    async def record_outcome(self, run_id: str, thread_id: str, result: StepResult) -> None:
        """Commit a step's outcome, its output as a payload. A second record is ignored."""
        content = await self._database.compute(lambda: content_of(result.output))
        body = result.to_json()
        del body["step"]
        body.pop("plan_version", None)
        if not content.is_short:
            del body["output"]

        def work(connection: Connection) -> None:
            if not content.is_short:
                insert_content(connection, content)
            insert_if_absent(
                connection,
                outcomes,
                run_id=run_id,
                thread_id=thread_id,
                plan_version=result.plan_version,
                step=result.step,
                body=body,
                output_digest=None if content.is_short else content.digest,
            )

        await self._database.write(work)

    async def outcomes(self, run_id: str) -> Sequence[StepResult]:
        """Return all outcomes of a run in the order they were committed.

        A large output is left out and `payload` names it.
        """
        query = select(outcomes).where(outcomes.c.run_id == run_id).order_by(outcomes.c.seq)
        return await self._all(query, _result_without_output)

    async def note(self, run_id: str, kind: str, version: int) -> JsonObject | None:
        """Return a journaled plan, revision or answer."""
        query = select(notes.c.body).where(
            notes.c.run_id == run_id, notes.c.kind == kind, notes.c.version == version
        )

        def work(connection: Connection) -> JsonObject | None:
            return connection.execute(query).scalar_one_or_none()

        return await self._database.read(work)

    async def record_note(
        self, run_id: str, thread_id: str, kind: str, version: int, body: JsonObject
    ) -> None:
        """Commit a plan, revision or answer. A second record is ignored."""
        at = self._clock()

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

        await self._database.write(work)

    async def notes(self, thread_id: str) -> Sequence[JsonObject]:
        """Return `{"run_id", "kind", "version", "body", "at"}` of a thread, oldest first."""
        query = select(notes).where(notes.c.thread_id == thread_id).order_by(notes.c.seq)
        names = ("run_id", "kind", "version", "body", "at")
        return await self._all(query, lambda row: {name: getattr(row, name) for name in names})

    async def _all(self, query: Executable, read: Callable[[Row[Any]], Any]) -> list[Any]:
        return await self._database.read(
            lambda connection: [read(row) for row in connection.execute(query)]
        )


def _result(row: Row[Any]) -> StepResult:
    body = {**row.body, "step": row.step, "plan_version": row.plan_version}
    if row.data is not None:
        body["output"] = stored_json(row.data)
    return StepResult.from_json(body)


def _result_without_output(row: Row[Any]) -> StepResult:
    body = {**row.body, "step": row.step, "plan_version": row.plan_version}
    if row.output_digest is not None:
        body["payload"] = row.output_digest
    return StepResult.from_json(body)
