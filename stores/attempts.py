"""Attempt log: every HTTP attempt at a model, as it was billed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from ..state.migrations import object_in
from ..state.values import Json
from .bodies import body_of, record_in
from .database import Database
from .payloads import contents_of, holder_of_run, insert_content
from .records import ModelAttempt
from .schema import attempts
from .statements import insert_if_absent

SOON = 0.25
"""Seconds that a record waits at most for another write to go with."""

_ATTEMPT = "attempt "
"""How the keys of records begin that wait for it."""


class SqlAttemptLog:
    """Attempts at models."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(
        self, attempt: ModelAttempt, *, prompt: Json = None, reply: Json = None
    ) -> ModelAttempt:
        """Append an attempt with what was said; a second record of the same id changes nothing.

        It is committed with what is written next and before it, as is what comes of the reply, or
        by itself soon. What is lost if the process dies before is this line of the record: under a
        cap the money was reserved before the call, and counts as spent until it is settled.

        Args:
            attempt: The attempt.
            prompt: What was asked, stored as a payload; `None` if that is not known.
            reply: What was answered, likewise.

        Returns:
            The attempt as it is recorded, with the digests of both.
        """
        said = {name: v for name, v in (("prompt", prompt), ("reply", reply)) if v is not None}
        contents = await contents_of(self._database, list(said.values()))
        digests = {name: c.digest for name, c in zip(said, contents, strict=True)}
        kept = attempt.model_copy(update=digests)
        body = body_of(kept)
        del body["id"], body["run_id"]

        def work(connection: Connection) -> None:
            for content in contents:
                insert_content(connection, content, by=holder_of_run(kept.run_id))
            insert_if_absent(connection, attempts, id=kept.id, run_id=kept.run_id, body=body)

        await self._database.with_next_write(f"{_ATTEMPT}{kept.id}", work, within=SOON)
        return kept

    async def of_run(self, run_id: str) -> Sequence[ModelAttempt]:
        """Return a run's attempts in order."""
        await self._database.write_what_waits(_ATTEMPT)
        return await self._read(
            select(attempts).where(attempts.c.run_id == run_id).order_by(attempts.c.seq)
        )

    async def recent(self, *, limit: int = 1000) -> Sequence[ModelAttempt]:
        """Return the newest attempts, newest first."""
        await self._database.write_what_waits(_ATTEMPT)
        return await self._read(select(attempts).order_by(attempts.c.seq.desc()).limit(limit))

    async def _read(self, query: Select[Any]) -> list[ModelAttempt]:
        return await self._database.read(
            lambda connection: [
                record_in(
                    ModelAttempt,
                    {**_body(row), "id": row.id, "run_id": row.run_id},
                    where=_where(row),
                )
                for row in connection.execute(query)
            ]
        )


def _body(row: Row[Any]) -> Mapping[str, Json]:
    return object_in(row.body, where=_where(row))


def _where(row: Row[Any]) -> str:
    return f"pointsman_attempts.body, model attempt {row.id} of run {row.run_id}"
