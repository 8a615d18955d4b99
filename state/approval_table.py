"""Approval tables: what waits for the items of a loop, as rows that a person can read at once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

from .approval import ApprovalRequest
from .instances import parts_of
from .values import Json, JsonObject, Record, canonical_json


class TableRow(Record):
    """One item."""

    item: str
    """Its key; of a loop in a loop, those of both."""
    step: str
    """The step for this item, as a decision may name it: `pay[INV-3]`."""
    approval_id: str
    values: tuple[Json, ...] = ()
    """Arguments in the order of `columns`."""


class ApprovalTable(Record):
    """Equal calls with different arguments, one for each item."""

    step: str
    """The step, as a decision on all rows may name it."""
    tool: str
    same: JsonObject = {}
    """Arguments that all rows share."""
    columns: tuple[str, ...] = ()
    """Names of the others."""
    rows: tuple[TableRow, ...] = ()
    totals: dict[str, str] = {}
    """Column of numbers → their exact sum."""


def tables_of(requests: Sequence[ApprovalRequest]) -> tuple[ApprovalTable, ...]:
    """Return a table for each step of a loop of which several items wait, in the given order."""
    of_loops = [(parts_of(r.step), r) for r in requests if parts_of(r.step)[1]]
    of_loops.sort(key=lambda one: one[0][0])
    groups = ((step, list(g)) for step, g in groupby(of_loops, key=lambda one: one[0][0]))
    return tuple(
        _table(step, [(keys, request) for (_, keys), request in group])
        for step, group in groups
        if len(group) > 1
    )


def _table(step: str, group: Sequence[tuple[tuple[str, ...], ApprovalRequest]]) -> ApprovalTable:
    names = tuple(dict.fromkeys(name for _, request in group for name in request.args))
    first = group[0][1].args
    shared = {
        name: first[name]
        for name in names
        if name in first and len({canonical_json(r.args.get(name)) for _, r in group}) == 1
    }
    columns = tuple(name for name in names if name not in shared)
    rows = tuple(
        TableRow(
            item=" ".join(keys),
            step=request.step,
            approval_id=request.id,
            values=tuple(request.args.get(name) for name in columns),
        )
        for keys, request in group
    )
    found = ((name, _total([r.values[i] for r in rows])) for i, name in enumerate(columns))
    return ApprovalTable(
        step=step,
        tool=group[0][1].tool,
        same=shared,
        columns=columns,
        rows=rows,
        totals={name: total for name, total in found if total},
    )


def _total(values: Sequence[Json]) -> str:
    """Return the exact sum of numbers, nothing if one of the values is none."""
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        return ""
    total = sum((Decimal(str(value)) for value in values), Decimal(0))
    return f"{total:f}"
