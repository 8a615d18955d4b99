"""Worked out: what the expressions of a prepared sentence made of what tools brought.

A number that an expression computed from verified results is as good as one that stands in them;
nobody need find out again how it came about. What the planner itself wrote into the expression is
no result: a constant that comes out again, a factor that nobody named, a model's own words.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Set
from datetime import datetime
from decimal import Decimal

from ..errors import ExpressionError
from .expressions.reading import reads
from .expressions.syntax import parse, printed
from .plan import Plan, Step, UseInstead
from .references import Reference, as_text, resolve
from .values import Json

_UNITS = frozenset(map(Decimal, (0, 1, 7, 12, 24, 60, 100, 365, 1000, 1440, 3600)))
"""Numbers by which one unit becomes another, or a share a percentage."""

_MOVES = frozenset({"add_days", "add_months", "add_minutes"})
_PLACEHOLDER = re.compile(r"%[-#]?[A-Za-z]")
_TELLING = re.compile(r"[0-9A-ZÀ-Þ]")
"""What makes a text more than a word between values: a digit, or a name's first letter."""


def worked_out(
    text: Json,
    plan: Plan,
    lookup: Callable[[Reference], Json],
    *,
    numbers: Set[Decimal] = frozenset(),
    now: datetime | None = None,
) -> tuple[str, ...]:
    """Return the values in a prepared sentence that were computed from what tools brought.

    Args:
        text: The sentence's text, as the plan has it.
        plan: The plan.
        lookup: Finds the value of a reference.
        numbers: Those that the request, the instructions or what was done hold.
        now: The time of the run.
    """
    known = _UNITS | _known(numbers)
    return tuple(
        value
        for source in _computed(text)
        if (names := reads(source).names) and all(_is_found(plan, name) for name in names)
        if (value := _value(source, lookup, now)) and not _invented(source, value, known)
    )


def _computed(text: Json) -> Iterator[str]:
    """Yield the expressions in a text: those in the braces of an f-string, else the whole."""
    match text:
        case {"$join": [*parts]}:
            for part in parts:
                yield from _computed(part)
        case {"$expr": str(source)}:
            tree = parse(source).tree
            parts = tree.values if isinstance(tree, ast.JoinedStr) else [tree]
            for part in parts:
                if isinstance(part, ast.FormattedValue):
                    yield from _spelt(ast.JoinedStr(values=[part]))
                elif not isinstance(part, ast.Constant):
                    yield from _spelt(part)
        case _:
            pass


def _spelt(node: ast.expr) -> Iterator[str]:
    try:
        yield printed(ast.fix_missing_locations(node))
    except ExpressionError:
        # Quotes inside of quotes: what it gives is checked as any other words are.
        return


def _value(source: str, lookup: Callable[[Reference], Json], now: datetime | None) -> str:
    try:
        return as_text(resolve({"$expr": source}, lookup, now=now))
    except (KeyError, ExpressionError):
        return ""


def _is_found(plan: Plan, name: str) -> bool:
    """Whether a step's output is what tools or people gave, and no words of model or plan."""
    try:
        steps = [*plan.step(name).every()]
    except KeyError:
        return False
    return all(map(_is_plain, steps))


def _is_plain(step: Step) -> bool:
    own = isinstance(step.on_error, UseInstead) or (
        step.for_each is not None and step.for_each.output is not None
    )
    return step.kind in ("tool", "each", "ask") and not own


def _known(numbers: Set[Decimal]) -> frozenset[Decimal]:
    """Return numbers with what they are as percentages: of 10, 0.1, 0.9 and 1.1."""
    shares = {number / 100 for number in numbers}
    one = Decimal(1)
    return frozenset(numbers) | shares | {one - s for s in shares} | {one + s for s in shares}


def _invented(source: str, value: str, known: Set[Decimal]) -> bool:
    """Whether the planner put something of its own into a value."""
    tree = parse(source).tree
    operands = {id(node) for node in ast.walk(tree) for node in _operands(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
            continue
        match node.value:
            case str(text):
                if any(map(value.__contains__, _telling(text))):
                    return True
            case int() | float() as number:
                if id(node) in operands and Decimal(str(number)) not in known:
                    return True
                if str(number) == value:
                    return True
            case _:
                pass
    return False


def _operands(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is counted with: parts of an operation, and how far a date is moved."""
    match node:
        case ast.BinOp(op=ast.Pow(), left=left):
            yield left
        case ast.BinOp(left=left, right=right):
            yield from (left, right)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args):
            yield from args if name in _MOVES else ()
        case _:
            pass


def _telling(text: str) -> list[str]:
    """Return the parts of a literal text that would tell something where they come out again."""
    parts = (part.strip() for part in _PLACEHOLDER.split(text))
    return [part for part in parts if _TELLING.search(part)]
