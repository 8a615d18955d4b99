"""Shapes of outputs, as they were seen: a row for each tool and whom it was called for.

A principal's own calls may show any name to that principal. To others of the tenant a name is shown
once the calls of two had it, and nothing ever reaches another tenant.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select

from ..state.migrations import object_in
from ..state.seen import agreed, joined
from ..state.shapes import Shape, schema_of, shape_of
from ..state.values import Json, canonical_json, digest
from .database import Database
from .schema import seen_shapes
from .statements import insert_if_absent, insert_or_replace

MOST_WITNESSES = 8
"""Principals of a tenant by whose calls a tool is known; the newest stay."""

_REMEMBERED = 1_000
"""Shapes that one process knows to be stored, and does not write again."""


_OF_TOOLS = select(seen_shapes).where(
    seen_shapes.c.tenant == bindparam("tenant"),
    seen_shapes.c.tool.in_(bindparam("tools", expanding=True)),
)


class SqlSeenShapes:
    """`SeenShapes` over the database.

    Args:
        database: Where to.
        clock: Unix time in seconds.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._stored: OrderedDict[tuple[str, str, str], Shape] = OrderedDict()

    async def learn(self, tool: str, shape: Shape, *, tenant: str, principal: str) -> None:
        """Add what one output looked like; costs no statement where it teaches nothing."""
        key = (tenant, tool, digest(principal))
        known = self._stored.get(key)
        if known is None or joined(known, shape) != known:
            known = await self._database.write(lambda c: self._learn(c, key, shape))
        self._stored[key] = known
        self._stored.move_to_end(key)
        if len(self._stored) > _REMEMBERED:
            self._stored.popitem(last=False)

    def _learn(self, connection: Connection, key: tuple[str, str, str], shape: Shape) -> Shape:
        tenant, tool, principal = key
        own = {"tenant": tenant, "tool": tool, "principal": principal}
        after = joined(None, shape)
        now = self._clock()
        if insert_if_absent(connection, seen_shapes, **own, shape=_in_one_order(after), at=now):
            _forget(connection, tenant, tool)
            return after
        mine = [seen_shapes.c[name] == value for name, value in own.items()]
        # Two workers that learn at once each add to what the other has written.
        locked = select(seen_shapes.c.shape, seen_shapes.c.tool).where(*mine).with_for_update()
        row = connection.execute(locked).one_or_none()
        before = _shape(row.shape, row.tool) if row else None
        after = joined(before, shape)
        if after != before:
            insert_or_replace(connection, seen_shapes, **own, shape=_in_one_order(after), at=now)
        return after

    async def of_tools(
        self, tools: Collection[str], *, tenant: str, principal: str
    ) -> Mapping[str, Shape]:
        """Return tool → what this principal may know of the shape of its outputs."""
        if not tools:
            return {}
        rows = await self._database.read(lambda c: _rows(c, tenant, tools))
        me = digest(principal)
        own = {row.tool: _shape(row.shape, row.tool) for row in rows if row.principal == me}
        others: dict[str, list[Shape]] = {}
        for row in rows:
            others.setdefault(row.tool, []).append(_shape(row.shape, row.tool))
        return {tool: own.get(tool) or agreed(shapes) for tool, shapes in others.items()}


def _forget(connection: Connection, tenant: str, tool: str) -> None:
    """Delete a tool's rows but for the newest ones."""
    rows = sorted(_rows(connection, tenant, (tool,)), key=lambda row: -row.at)
    if gone := [row.principal for row in rows[MOST_WITNESSES:]]:
        columns = seen_shapes.c
        of_tool = (columns.tenant == tenant, columns.tool == tool)
        connection.execute(delete(seen_shapes).where(*of_tool, columns.principal.in_(gone)))


def _rows(connection: Connection, tenant: str, tools: Collection[str]) -> Sequence[Row[Any]]:
    return connection.execute(_OF_TOOLS, {"tenant": tenant, "tools": list(tools)}).all()


def _shape(stored: Any, tool: str) -> Shape:
    where = f"pointsman_seen_shapes.shape, tool {tool}"
    return shape_of(dict(object_in(stored, where=where)))


def _in_one_order(shape: Shape) -> Json:
    """Return a shape's schema in the order that prompts tell it in, whichever call was first."""
    return json.loads(canonical_json(schema_of(shape)))
