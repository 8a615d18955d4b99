"""Contradictions: conditions that no value meets, and branches of which only one can run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from .expressions.syntax import CONSTANTS, parse, printed

_Bound: TypeAlias = "Decimal | str"
_Signs: TypeAlias = dict[type[ast.cmpop], type[ast.cmpop]]
_MIRRORED: _Signs = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}
_OPPOSITE: _Signs = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
}
_COUNTS = ("len(", "count(", "abs(")


def contradiction(*conditions: str) -> str:
    """Return the parts of conditions that are never true together; empty if there are none."""
    told: dict[str, _Told] = {}
    parts = (p for condition in conditions for p in _joined(parse(condition).tree, holds=True))
    for part in parts:
        for of, sign, value in _compared(part):
            known = told.setdefault(of, _Told())
            known.said.append(printed(part.node) if part.holds else f"not {printed(part.node)}")
            known.learn(sign, value)
            if of.startswith(_COUNTS):
                known.learn(ast.GtE, Decimal(0))
            if known.is_impossible():
                return " and ".join(dict.fromkeys(known.said))
    return ""


def exclude(one: str, other: str) -> bool:
    """Whether of two conditions at most one holds."""
    return bool(contradiction(one, other))


@dataclass(frozen=True)
class _Part:
    """A part that must hold, or must not."""

    node: ast.expr
    holds: bool


def _joined(node: ast.expr, *, holds: bool) -> Iterator[_Part]:
    """Yield what must hold, each by itself, for a condition to be true (or else to be false)."""
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from _joined(operand, holds=not holds)
        case ast.BoolOp(op=op, values=values) if isinstance(op, ast.And) == holds:
            yield _Part(node, holds)
            for value in values:
                yield from _joined(value, holds=holds)
        case _:
            yield _Part(node, holds)


def _compared(part: _Part) -> Iterator[tuple[str, type[ast.cmpop], _Bound]]:
    """Yield what a part says of a value: how it compares with which constant."""
    if not isinstance(part.node, ast.Compare):
        yield printed(part.node), ast.Eq, str(part.holds)
        return
    operands = [part.node.left, *part.node.comparators]
    if len(part.node.ops) > 1 and not part.holds:
        return
    for op, left, right in zip(part.node.ops, operands, operands[1:], strict=False):
        sign = type(op) if part.holds else _OPPOSITE.get(type(op))
        if sign is None or sign not in _OPPOSITE:
            continue
        if printed(left) == printed(right):
            yield f"{printed(left)} to itself", ast.Eq, Decimal(0)
            yield f"{printed(left)} to itself", sign, Decimal(0)
            continue
        if (value := _constant(right)) is not None:
            yield printed(left), sign, value
        elif (value := _constant(left)) is not None:
            yield printed(right), _MIRRORED.get(sign, sign), value
        else:
            # Of two values each other's comparison is one fact with two names.
            yield f"{printed(left)} to {printed(right)}", sign, Decimal(0)


def _constant(node: ast.expr) -> _Bound | None:
    match node:
        case ast.Constant(value=bool() | None as value):
            return str(value)
        case ast.Constant(value=int() | float() as value):
            return Decimal(str(value))
        case ast.Constant(value=str() as value):
            return repr(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -Decimal(str(value))
        case ast.Name(id=name) if name in CONSTANTS:
            return str(CONSTANTS[name])
        case _:
            return None


@dataclass
class _Told:
    """What the parts of a condition say together of one value."""

    said: list[str] = field(default_factory=list[str])
    equal: set[_Bound] = field(default_factory=set["_Bound"])
    unequal: set[_Bound] = field(default_factory=set["_Bound"])
    least: Decimal | None = None
    most: Decimal | None = None

    def learn(self, sign: type[ast.cmpop], value: _Bound) -> None:
        """Take one comparison more."""
        if sign is ast.Eq:
            self.equal.add(value)
        elif sign is ast.NotEq:
            self.unequal.add(value)
        elif isinstance(value, Decimal):
            if sign in (ast.Gt, ast.GtE) and (self.least is None or value >= self.least):
                self.least = value
            if sign in (ast.Lt, ast.LtE) and (self.most is None or value <= self.most):
                self.most = value
            self.unequal |= {value} if sign in (ast.Gt, ast.Lt) else set()

    def is_impossible(self) -> bool:
        """Whether no value is like that."""
        if len(self.equal) > 1 or self.equal & self.unequal:
            return True
        numbers = {v for v in self.equal if isinstance(v, Decimal)}
        if self.least is not None and self.most is not None:
            closed = self.least == self.most and self.least in self.unequal
            if self.least > self.most or closed:
                return True
        return any(
            (self.least is not None and v < self.least) or (self.most is not None and v > self.most)
            for v in numbers
        )
