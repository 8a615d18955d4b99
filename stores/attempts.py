"""Attempt log: every HTTP attempt at a model, as it was billed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from .database import Database
from .records import ModelAttempt
from .schema import attempts
from .statements import insert_if_absent


class SqlAttemptLog:
    """Attempts at models."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, attempt: ModelAttempt) -> None:
        """Append an attempt. A second record of the same id is ignored."""
        body = attempt.to_json()
        del body["id"], body["run_id"]

        def work(connection: Connection) -> None:
            insert_if_absent(connection, attempts, id=attempt.id, run_id=attempt.run_id, body=body)

        await self._database.write(work)

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
