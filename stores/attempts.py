"""Attempt log: every HTTP attempt at a model, as it was billed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from ..state.values import Json
from .database import Database
from .payloads import content_of, insert_content
from .records import ModelAttempt
from .schema import attempts
from .statements import insert_if_absent


class SqlAttemptLog:
    """Attempts at models."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(
        self, attempt: ModelAttempt, *, prompt: Json = None, reply: Json = None
    ) -> ModelAttempt:
        """Append an attempt with what was said; a second record of the same id is ignored.

        Args:
            attempt: The attempt.
            prompt: What was asked, stored as a payload; `None` if that is not known.
            reply: What was answered, likewise.

        Returns:
            The attempt as it is recorded, with the digests of both.
        """
        said = {name: v for name, v in (("prompt", prompt), ("reply", reply)) if v is not None}
        contents = await self._database.compute(
            lambda: {name: content_of(value) for name, value in said.items()}
        )
        kept = attempt.model_copy(update={name: c.digest for name, c in contents.items()})
        body = kept.to_json()
        del body["id"], body["run_id"]

        def work(connection: Connection) -> None:
            for content in contents.values():
                insert_content(connection, content)
            insert_if_absent(connection, attempts, id=kept.id, run_id=kept.run_id, body=body)

        await self._database.write(work)
        return kept

    async def of_run(self, run_id: str) -> Sequence[ModelAttempt]:
        """Return a run's attempts in order."""
        return await self._read(
            select(attempts).where(attempts.c.run_id == run_id).order_by(attempts.c.seq)
        )

    async def recent(self, *, limit: int = 1000) -> Sequence[ModelAttempt]:
        """Return the newest attempts, newest first."""
        return await self._read(select(attempts).order_by(attempts.c.seq.desc()).limit(limit))

    async def _read(self, query: Select[Any]) -> list[ModelAttempt]:
        return await self._database.read(
            lambda connection: [
                ModelAttempt.from_json({**row.body, "id": row.id, "run_id": row.run_id})
                for row in connection.execute(query)
            ]
        )
