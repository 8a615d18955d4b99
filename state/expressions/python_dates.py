"""Dates as Python's library writes them, read as the functions of the language that mean the same.

`date.today() - timedelta(days=30)` is what a model writes without being asked to. Only what means
exactly the same is read; a `timedelta` that stands anywhere else is refused, with its mend.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from datetime import datetime

_CLOCKS = {"date.today": "today", "datetime.now": "now", "datetime.today": "now"}
_READERS = {
    "date.fromisoformat": "date",
    "datetime.fromisoformat": "datetime",
    "datetime.strptime": "datetime",
}
_MINUTES = {"weeks": 10_080, "days": 1_440, "hours": 60, "minutes": 1}
_MONTHS = {"years": 12, "months": 1}
_DAY = 1_440


def as_functions(tree: ast.expr) -> ast.expr:
    """Return a tree in which dates are told by functions of the language."""
    return _DateReader().visit(tree)


class _DateReader(ast.NodeTransformer):
    """Works from the inside out, so that a part finds its own parts read already."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        name = _dotted(node.func)
        match node:
            case ast.Call(args=[], keywords=[]) if name in _CLOCKS:
                return _call(_CLOCKS[name])
            case ast.Call(args=args, keywords=[]) if name in _READERS:
                return _call(_READERS[name], *args)
            case ast.Call(func=ast.Attribute(value=inner, attr="date"), args=[], keywords=[]):
                return _call("date", inner)
            case ast.Call(
                func=ast.Attribute(
                    value=ast.BinOp(op=ast.Sub(), left=end, right=start), attr="total_seconds"
                ),
                args=[],
                keywords=[],
            ):
                return _times(_minutes_between(start, end), 60)
            case ast.Call(args=[_, _, *_] as args, keywords=[]) if name in ("date", "datetime"):
                return _written_out(name, args) or node
            case _:
                return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.BinOp(op=ast.Add(), left=start, right=span) if moved := _moved(start, span, 1):
                return moved
            case ast.BinOp(op=ast.Add(), left=span, right=start) if moved := _moved(start, span, 1):
                return moved
            case ast.BinOp(op=ast.Sub(), left=start, right=span) if moved := _moved(
                start, span, -1
            ):
                return moved
            case _:
                return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Attribute(value=ast.BinOp(op=ast.Sub(), left=end, right=start), attr="days"):
                days = ast.BinOp(_minutes_between(start, end), ast.Div(), ast.Constant(_DAY))
                return _call("floor", days)
            case _:
                return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """Compare spans in minutes, where all that stands there are spans."""
        self.generic_visit(node)
        operands = [node.left, *node.comparators]
        if not any(_units(operand, "timedelta", _MINUTES) for operand in operands):
            return node
        spans = [_span(operand) for operand in operands]
        left, *rest = [span for span in spans if span is not None]
        if len(rest) + 1 == len(operands):
            node.left, node.comparators = left, rest
        return node


def _span(node: ast.expr) -> ast.expr | None:
    """Return the minutes of a `timedelta`, or between two moments."""
    match node:
        case ast.BinOp(op=ast.Sub(), left=end, right=start):
            return _minutes_between(start, end)
        case _:
            units = _units(node, "timedelta", _MINUTES)
            return _sum(units, _MINUTES) if units else None


def _moved(start: ast.expr, span: ast.expr, sign: int) -> ast.expr | None:
    """Return what stands so much later or earlier, if that is what an operation says."""
    if months := _units(span, "relativedelta", _MONTHS):
        return _call("add_months", start, _signed(_sum(months, _MONTHS), sign))
    units = _units(span, "timedelta", _MINUTES)
    if not units:
        return None
    if units.keys() <= {"weeks", "days"}:
        return _call("add_days", start, _signed(_sum(units, {"weeks": 7, "days": 1}), sign))
    return _call("add_minutes", start, _signed(_sum(units, _MINUTES), sign))


def _units(node: ast.expr, name: str, known: Mapping[str, int]) -> dict[str, ast.expr]:
    """Return how much of which unit a span has; nothing if it is none, or has others too."""
    if not isinstance(node, ast.Call) or _dotted(node.func).rpartition(".")[2] != name:
        return {}
    given = {str(keyword.arg): keyword.value for keyword in node.keywords}
    if name == "timedelta" and len(node.args) == 1:
        given["days"] = node.args[0]
    elif node.args:
        return {}
    return given if given.keys() <= known.keys() else {}


def _sum(units: Mapping[str, ast.expr], worth: Mapping[str, int]) -> ast.expr:
    first, *others = (_times(value, worth[unit]) for unit, value in units.items())
    for other in others:
        first = ast.BinOp(first, ast.Add(), other)
    return first


def _times(value: ast.expr, factor: int) -> ast.expr:
    match value:
        case _ if factor == 1:
            return value
        case ast.Constant(value=int() as number) if not isinstance(number, bool):
            return ast.Constant(number * factor)
        case _:
            return ast.BinOp(value, ast.Mult(), ast.Constant(factor))


def _signed(value: ast.expr, sign: int) -> ast.expr:
    return value if sign > 0 else ast.UnaryOp(ast.USub(), value)


def _minutes_between(start: ast.expr, end: ast.expr) -> ast.expr:
    return _call("minutes_between", start, end)


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=[*args], keywords=[])


def _written_out(name: str, args: list[ast.expr]) -> ast.expr | None:
    """Return a date that is given by its numbers."""
    numbers = [part.value for part in args if isinstance(part, ast.Constant)]
    whole = [number for number in numbers if type(number) is int]
    if len(whole) != len(args) or not 3 <= len(whole) <= (3 if name == "date" else 6):
        return None
    year, month, day, hour, minute, second = [*whole, 0, 0, 0][:6]
    try:
        moment = datetime(year, month, day, hour, minute, second)
    except (ValueError, OverflowError):
        return None
    if name == "date":
        return _call(name, ast.Constant(moment.date().isoformat()))
    return _call(name, ast.Constant(moment.isoformat()))


def _dotted(node: ast.expr) -> str:
    """Return a function's name with its class, without the module before it."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(
            value=ast.Name(id=owner) | ast.Attribute(value=ast.Name(id="datetime"), attr=owner),
            attr=name,
        ):
            return f"{owner}.{name}"
        case _:
            return ""
