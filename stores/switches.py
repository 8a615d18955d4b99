"""Switches: what operators turn off in an incident."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, delete, select

from .database import Database
from .records import Switch
from .schema import switches
from .statements import insert_or_replace

_ACTIVE = select(switches).order_by(switches.c.at, switches.c.kind, switches.c.target)


class SqlSwitches:
    """`Switches` over the database.

    Args:
        database: Where to.
        clock: Unix time in seconds, for a switch that carries none.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def set(self, switch: Switch) -> None:
        """Turn a switch on."""
        values = {**switch.model_dump(), "at": switch.at or self._clock()}
        await self._database.write(
            lambda connection: insert_or_replace(connection, switches, **values)
        )

    async def clear(self, kind: str, target: str = "") -> None:
        """Turn a switch off."""
        statement = delete(switches).where(switches.c.kind == kind, switches.c.target == target)

        def work(connection: Connection) -> None:
            connection.execute(statement)

        await self._database.write(work)

    async def active(self) -> Sequence[Switch]:
        """Return the switches that are on, oldest first."""
        return await self._database.read(active_switches)


def active_switches(connection: Connection) -> list[Switch]:
    """Return the switches that are on, oldest first, as of a transaction's moment."""
    return [Switch(**row) for row in connection.execute(_ACTIVE).mappings()]
