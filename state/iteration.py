"""Iteration: the items of a loop, the keys by which each is known, and what they bring together.

A key is made from the item and not from its place. A list that has changed when a run is resumed
or a plan is revised gives each item the results that are its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ..errors import ExpressionError
from .expressions import evaluate
from .expressions.kinds import in_words, kind_of
from .instances import instance
from .plan import ForEach, Step
from .provenance import union
from .references import placed_at
from .results import Failure, StepResult
from .values import Json, Record, digest

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.@:-]{1,64}", re.ASCII)
_DIGITS = 16
"""Hexadecimal digits of a key that is a digest: 64 bits tell the items of a run apart."""


class Item(Record):
    """One item of a loop."""

    key: str
    value: Json = None


def items_of(step: Step, found: Json, values: Mapping[str, Json]) -> tuple[Item, ...]:
    """Return the items of a loop with their keys, in order.

    Args:
        step: The loop.
        found: What its `items` expression gave.
        values: What the `key` expression may read besides the item.

    Raises:
        ExpressionError: It is no list, has more items than `max`, or two items have one key.
            `where` names the step and the field; nothing of the loop has run.
    """
    loop = _loop(step)
    where = f"{step.id}.for_each"
    if not isinstance(found, list):
        raise ExpressionError(
            f"The loop needs a list, not {in_words(kind_of(found))}.",
            where=f"{where}.items",
            fix="Name the list, or write [x] for one item.",
        )
    if len(found) > loop.max:
        raise ExpressionError(
            f"There are {len(found)} items, and at most {loop.max} were expected.",
            where=f"{where}.max",
            fix="Filter the list, or raise `max`.",
        )
    keys = _declared(loop, found, values, where) if loop.key else _digests(found)
    return tuple(Item(key=key, value=value) for key, value in zip(keys, found, strict=True))


def _loop(step: Step) -> ForEach:
    if step.for_each is None:
        raise ValueError(f"step {step.id} is no loop")
    return step.for_each


def _declared(
    loop: ForEach, found: Sequence[Json], values: Mapping[str, Json], where: str
) -> list[str]:
    try:
        keys = [_as_key(evaluate(loop.key, {**values, loop.item: item})) for item in found]
    except ExpressionError as error:
        raise placed_at(f"{where}.key", error) from error
    twice = [key for key, count in Counter(keys).items() if count > 1]
    if twice:
        raise ExpressionError(
            f"Two items have the key {twice[0]!r}.",
            where=f"{where}.key",
            fix="Take a key that tells items apart, or leave out repeated items with unique().",
        )
    return keys


def _as_key(value: Json) -> str:
    """Return a key as it is if it is a plain word, else its digest; `#` marks a digest."""
    text = value if isinstance(value, str) else str(value)
    plain = isinstance(value, str | int) and _PLAIN_KEY.fullmatch(text)
    return text if plain else f"#{digest(value)[:_DIGITS]}"


def _digests(found: Sequence[Json]) -> list[str]:
    """Return a digest of each item; the second of equal items is `#…~2`."""
    seen: Counter[str] = Counter()
    keys: list[str] = []
    for value in found:
        key = f"#{digest(value)[:_DIGITS]}"
        seen[key] += 1
        keys.append(key if seen[key] == 1 else f"{key}~{seen[key]}")
    return keys


class ItemFailure(Record):
    """An item of a loop that did not come to its end."""

    key: str
    step: str
    """The step of the group that failed."""
    failure: Failure


def failures(
    step: Step, items: Sequence[Item], results: Mapping[str, StepResult], outer: Sequence[str] = ()
) -> tuple[ItemFailure, ...]:
    """Return what failed, item by item, in the items' order.

    An expression that failed because it reads what failed is no failure of its own.

    Args:
        step: The loop.
        items: Its items.
        results: Results by instance.
        outer: Keys of the loops around it.
    """
    return tuple(
        ItemFailure(key=item.key, step=inner.id, failure=failure)
        for item in items
        for inner, failure in _failed(_loop(step).steps, (*outer, item.key), results)
    )


def _failed(
    group: Sequence[Step], keys: Sequence[str], results: Mapping[str, StepResult]
) -> Iterator[tuple[Step, Failure]]:
    """Yield the steps that failed for one item, without those that only follow another."""
    found = {
        inner.id: result.failure
        for inner in group
        if (result := results.get(instance(inner.id, keys))) is not None
        and result.status in ("failed", "rejected")
        and result.failure is not None
        and not inner.optional
    }
    for inner in group:
        failure = found.get(inner.id)
        if failure is None:
            continue
        if failure.kind != "expression" or not inner.needs() & found.keys():
            yield inner, failure


def taint_of(
    step: Step, items: Sequence[Item], results: Mapping[str, StepResult], outer: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the labels of all that ran for the items: those of the loop's output."""
    found = (
        results.get(instance(inner.id, (*outer, item.key)))
        for item in items
        for inner in _loop(step).steps
    )
    return union(result.taint for result in found if result is not None)
