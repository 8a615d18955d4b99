"""Contradictions: conditions that no value meets, and branches of which only one can run."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from .expressions.dates import told
from .expressions.syntax import CONSTANTS, parse, printed
from .shapes import ANY, Shape

ShapeAt: TypeAlias = "Callable[[ast.expr], Shape]"
"""Says what is known of the value of a part of a condition."""

_Bound: TypeAlias = "Decimal | str"
_Signs: TypeAlias = dict[type[ast.cmpop], type[ast.cmpop]]
_MIRRORED: _Signs = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}
_OPPOSITE: _Signs = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.NotEq,
    ast.IsNot: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_SAME: _Signs = {ast.Is: ast.Eq, ast.IsNot: ast.NotEq}
_COUNTS = ("len(", "count(", "abs(")
_FALSE = ("False", "None", "''", "[]", "{}")
"""All that is false as a condition, as constants are written here."""
_DAY = re.compile(r"'\d{4}-\d{2}-\d{2}'", re.ASCII)
_ALTERNATIVES = 32
"""Of all that `or` says in a condition: more are not tried one by one."""


def _nothing_known(_: ast.expr) -> Shape:
    return ANY


def contradiction(
    *conditions: str, shape_at: ShapeAt = _nothing_known, may_be_null: bool = True
) -> str:
    """Return the parts of conditions that are never true together; empty if there are none.

    Args:
        conditions: Expressions.
        shape_at: What is known of the values that they compare.
        may_be_null: Whether a value whose shape has no null may be null all the same.
    """
    parts = [part for condition in conditions for part in _parts(condition)]
    known = _Known(shape_at, may_be_null=may_be_null)
    return " and ".join(known.impossible(parts) or known.impossible_by_cases(parts))


def exclude(one: str, other: str) -> bool:
    """Whether of two conditions at most one holds."""
    return bool(contradiction(one, other))


@dataclass(frozen=True)
class _Conjunct:
    """A part that must hold, or must not."""

    node: ast.expr
    holds: bool

    @functools.cached_property
    def said(self) -> str:
        """The part as an error quotes it."""
        return printed(self.node) if self.holds else f"not {printed(self.node)}"

    @functools.cached_property
    def facts(self) -> tuple[_ConstantTest, ...]:
        """What the part says of values."""
        return tuple(_compared(self))

    @functools.cached_property
    def cases(self) -> tuple[tuple[_Conjunct, ...], ...]:
        """What of the part must hold, in each way in which it can."""
        match self.node:
            case ast.BoolOp(op=op, values=values) if isinstance(op, ast.Or) == self.holds:
                return tuple(tuple(_joined(value, holds=self.holds)) for value in values)
            case _:
                return ()


@functools.lru_cache(maxsize=1024)
def _parts(condition: str) -> tuple[_Conjunct, ...]:
    return tuple(_joined(parse(condition).tree, holds=True))


def _joined(node: ast.expr, *, holds: bool) -> Iterator[_Conjunct]:
    """Yield what must hold, each by itself, for a condition to be true (or else to be false)."""
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from _joined(operand, holds=not holds)
        case ast.BoolOp(op=op, values=values) if isinstance(op, ast.And) == holds:
            yield _Conjunct(node, holds)
            for value in values:
                yield from _joined(value, holds=holds)
        case _:
            yield _Conjunct(node, holds)


@dataclass(frozen=True)
class _ConstantTest:
    """How a value compares with constants."""

    of: str
    sign: type[ast.cmpop]
    values: tuple[_Bound, ...]
    """One, or for `in` and `not in` all of them."""
    node: ast.expr | None = None
    """The value, where it is one that may be known."""


def _compared(part: _Conjunct) -> Iterator[_ConstantTest]:
    """Yield what a part says of values."""
    if not isinstance(part.node, ast.Compare):
        yield from _held(part)
        return
    operands = [part.node.left, *part.node.comparators]
    if len(part.node.ops) > 1 and not part.holds:
        return
    for op, left, right in zip(part.node.ops, operands, operands[1:], strict=False):
        sign = type(op) if part.holds else _OPPOSITE.get(type(op))
        if sign is not None and sign in _OPPOSITE:
            yield from _of_two(_SAME.get(sign, sign), left, right)


def _held(part: _Conjunct) -> Iterator[_ConstantTest]:
    """Yield what a value is that stands as a condition by itself."""
    name = printed(part.node)
    yield _ConstantTest(name, ast.NotIn if part.holds else ast.In, _FALSE, part.node)
    # Of what is true or false itself nobody asks the length: that would be an error.
    yield _ConstantTest(f"len({name})", ast.Gt if part.holds else ast.Eq, (Decimal(0),))


def _of_two(sign: type[ast.cmpop], left: ast.expr, right: ast.expr) -> Iterator[_ConstantTest]:
    if sign in (ast.In, ast.NotIn):
        if isinstance(right, ast.List | ast.Tuple | ast.Set):
            listed = [_constant(item) for item in right.elts]
            if all(value is not None for value in listed):
                values = tuple(value for value in listed if value is not None)
                yield _ConstantTest(printed(left), sign, values, left)
    elif printed(left) == printed(right):
        yield _ConstantTest(f"{printed(left)} to itself", ast.Eq, (Decimal(0),))
        yield _ConstantTest(f"{printed(left)} to itself", sign, (Decimal(0),))
    elif (value := _constant(right)) is not None:
        yield _ConstantTest(printed(left), sign, (value,), left)
    elif (value := _constant(left)) is not None:
        yield _ConstantTest(printed(right), _MIRRORED.get(sign, sign), (value,), right)
    else:
        # Of two values each other's comparison is one fact with two names.
        yield _ConstantTest(f"{printed(left)} to {printed(right)}", sign, (Decimal(0),))


def _constant(node: ast.expr) -> _Bound | None:
    match node:
        case ast.Constant(value=bool() | None as value):
            return str(value)
        case ast.Constant(value=int() | float() as value):
            return Decimal(str(value))
        case ast.Constant(value=str() as value):
            return _text(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -Decimal(str(value))
        case ast.Name(id=name) if name in CONSTANTS:
            return str(CONSTANTS[name])
        case ast.List(elts=[]):
            return "[]"
        case ast.Dict(keys=[]):
            return "{}"
        case _:
            return None


def _text(value: str) -> str:
    """Write a text so that two which expressions take for the same are: times in one spelling."""
    moment = told(value)
    if isinstance(moment, datetime):
        value = (moment if moment.tzinfo is None else moment.astimezone(UTC)).isoformat()
    return repr(value)


@dataclass(frozen=True)
class _Known:
    """What is known of values before a condition says anything."""

    shape_at: ShapeAt
    may_be_null: bool = field(kw_only=True)

    def impossible(self, parts: Iterable[_Conjunct]) -> Sequence[str]:
        """Return parts that say of one value what no value is."""
        told: dict[str, _Told] = {}
        for part in parts:
            for fact in part.facts:
                known = told.get(fact.of) or told.setdefault(fact.of, self._before(fact))
                known.said.append(part.said)
                known.learn(fact)
                if known.is_impossible():
                    return tuple(dict.fromkeys(known.said))
        return ()

    def impossible_by_cases(self, parts: Sequence[_Conjunct]) -> Sequence[str]:
        """Return parts of which one holds in several ways, each ruled out by the others."""
        left = _ALTERNATIVES
        for part in parts:
            left -= len(part.cases)
            if not part.cases or left < 0:
                continue
            found = [self.impossible([*parts, *case]) for case in part.cases]
            if all(found):
                own = {one.said for case in part.cases for one in case}
                others = (said for one in found for said in one if said not in own)
                return tuple(dict.fromkeys([f"({part.said})", *others]))
        return ()

    def _before(self, fact: _ConstantTest) -> _Told:
        counts = fact.of.startswith(_COUNTS)
        told = _Told(ranges={"number": _Range(least=Decimal(0))} if counts else {})
        shape = ANY if fact.node is None else self.shape_at(fact.node)
        options = ("True", "False") if shape.kind == "boolean" else map(_text, shape.options)
        if shape.options or shape.kind == "boolean":
            null = ["None"] if shape.nullable else []
            told.within = {*options, *null}
        if shape.kind != "any" and not shape.nullable and not self.may_be_null:
            told.unequal.add("None")
        return told


@dataclass
class _Told:
    """What the parts of a condition say together of one value."""

    said: list[str] = field(default_factory=list[str])
    within: set[_Bound] | None = None
    """All that it can be, where that is known."""
    unequal: set[_Bound] = field(default_factory=set["_Bound"])
    ranges: dict[str, _Range] = field(default_factory=dict[str, "_Range"])
    """Numbers and days have an order each; other texts have none that anybody means."""

    def learn(self, fact: _ConstantTest) -> None:
        """Take one comparison more."""
        values, sign = set(fact.values), fact.sign
        if sign in (ast.Eq, ast.In):
            self.within = values if self.within is None else self.within & values
        elif sign in (ast.NotEq, ast.NotIn):
            self.unequal |= values
        elif order := _order(value := fact.values[0]):
            self.ranges.setdefault(order, _Range()).learn(sign, value)
            self.unequal |= values if sign in (ast.Gt, ast.Lt) else set()

    def is_impossible(self) -> bool:
        """Whether no value is like that."""
        if self.within is not None:
            return not any(map(self._fits, self.within))
        return any(known.is_empty(self.unequal) for known in self.ranges.values())

    def _fits(self, value: _Bound) -> bool:
        known = self.ranges.get(_order(value))
        return value not in self.unequal and (known is None or known.holds(value))


@dataclass
class _Range:
    """Between which values a value stands."""

    least: Any = None
    most: Any = None

    def learn(self, sign: type[ast.cmpop], value: _Bound) -> None:
        """Take one bound more."""
        if sign in (ast.Gt, ast.GtE) and (self.least is None or value >= self.least):
            self.least = value
        if sign in (ast.Lt, ast.LtE) and (self.most is None or value <= self.most):
            self.most = value

    def is_empty(self, unequal: set[_Bound]) -> bool:
        """Whether nothing stands between the bounds."""
        if self.least is None or self.most is None:
            return False
        return self.least > self.most or (self.least == self.most and self.least in unequal)

    def holds(self, value: Any) -> bool:
        """Whether a value stands between the bounds."""
        above = self.least is None or value >= self.least
        return above and (self.most is None or value <= self.most)


def _order(value: _Bound) -> str:
    """Return which order a constant stands in, if any."""
    if isinstance(value, Decimal):
        return "number"
    return "day" if _DAY.fullmatch(value) else ""
