"""Decisions on the items of a loop: one word for all of them, and others for single ones beside it.

An entry of a decision may say `step` in the place of `approval_id`: `pay[INV-3]` is one item,
`pay` is every item that waits and that no other entry names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..errors import DecisionError
from .instances import parts_of
from .values import Json, JsonObject

COLUMN = "column"
"""Key of a decision that was said of all items: it endorses the values of a column, and the items
whose value needs nobody's word are approved without."""

_NEEDS_ONE = frozenset({"edit"})
"""Decisions that carry what belongs to one item."""


class Sent(NamedTuple):
    """One decision of those that were sent, on one request."""

    at: int
    """Its place among those that were sent, as an error names it."""
    said: Json


def spread(entries: Sequence[Json], waiting: Mapping[str, str]) -> list[Sent]:
    """Return entries of which each names its one request, where any of them names a step.

    Args:
        entries: Decisions as they were sent.
        waiting: Approval id → step of what waits, in the order in which it was asked.

    Raises:
        DecisionError: A step is no text, nothing waits under it, an edit is meant for several
            items, or an entry beside it names neither a step nor an approval.
    """
    if not any(isinstance(entry, dict) and "step" in entry for entry in entries):
        return [Sent(at, said) for at, said in enumerate(entries)]
    named = [_named(entry, index, waiting) for index, entry in enumerate(entries)]
    single = {ids[0] for entry, ids in named if not _is_group(entry, waiting)}
    found: list[Sent] = []
    for index, (entry, ids) in enumerate(named):
        group = _is_group(entry, waiting)
        kept = [id_ for id_ in ids if not (group and id_ in single)]
        if "grant" in entry and not kept:
            raise DecisionError(
                "It approves nothing: each item is decided by itself.",
                where=f"decisions.{index}.grant",
                fix="Grant with the decision on one of the items.",
            )
        body = {key: value for key, value in entry.items() if key != "step"}
        if group and "endorse" in entry:
            body[COLUMN] = True
        found += (Sent(index, said) for said in said_of_all(body, kept))
    return found


def said_of_all(body: JsonObject, ids: Sequence[str]) -> list[JsonObject]:
    """Return one decision for each request; what it grants is granted once, with the first."""
    alone = {key: value for key, value in body.items() if key != "grant"}
    return [{**(alone if at else body), "approval_id": id_} for at, id_ in enumerate(ids)]


def _is_group(entry: JsonObject, waiting: Mapping[str, str]) -> bool:
    return "step" in entry and entry["step"] not in waiting.values()


def _named(entry: Json, index: int, waiting: Mapping[str, str]) -> tuple[JsonObject, list[str]]:
    """Return an entry and the ids of the requests that it is on."""
    where = f"decisions.{index}"
    if not isinstance(entry, dict) or not {"step", "approval_id"} & entry.keys():
        raise DecisionError(
            "Beside a decision that names a step, each names its step or its approval.",
            where=where,
            fix='Send {"type": …, "step": "pay[INV-3]"} or {"type": …, "approval_id": …}.',
        )
    if "step" not in entry:
        return entry, [entry["approval_id"]]
    step = entry["step"]
    if not isinstance(step, str) or "approval_id" in entry:
        raise DecisionError(
            "A step is named by its id, and without an approval beside it.",
            where=f"{where}.step",
            fix='Send {"type": …, "step": "pay"}.',
        )
    ids = [id_ for id_, own in waiting.items() if own == step] or [
        id_ for id_, own in waiting.items() if parts_of(own)[0] == step
    ]
    if not ids:
        known = sorted({parts_of(own)[0] for own in waiting.values()})
        raise DecisionError(
            f"Nothing waits under step {step!r}.", where=f"{where}.step", fix=f"Waiting: {known}."
        )
    if len(ids) > 1 and entry.get("type") in _NEEDS_ONE:
        raise DecisionError(
            f"{len(ids)} items of {step} wait, and arguments are those of one.",
            where=f"{where}.step",
            fix=f"Name the item: {waiting[ids[0]]!r}.",
        )
    return entry, ids
