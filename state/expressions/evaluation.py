"""Evaluation: a checked tree becomes Python closures, and these compute the value.

Each node costs an operation. A loop takes the operations of its body for all items before it
begins, so the count costs nothing inside the loop and can only be too high.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...errors import ExpressionError, MissingValueError
from ..values import Json
from . import lists, numbers, texts
from .costs import cost
from .functions import FORMS, function
from .kinds import Built, BuiltObject, list_of
from .limits import Allowance
from .operators import COMPARISONS, OPERATORS, as_key, attribute, item, sliced, unpack
from .outcome import to_json
from .syntax import CONSTANTS, Expression, called, cut, format_of, parse
from .truth import holds, is_zero, truth_of


@dataclass(slots=True)
class Scope:
    """What one evaluation knows."""

    values: Mapping[str, Json]
    attachments: Mapping[str, str]
    now: datetime | None
    allowance: Allowance = field(default_factory=Allowance)
    bound: dict[str, Any] = field(default_factory=dict)
    """Names of loops and lambdas, while these run."""


Code = Callable[[Scope], Any]
_NO_NAMES: frozenset[str] = frozenset()


def evaluate(
    expression: Expression | str,
    values: Mapping[str, Json],
    *,
    attachments: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> Json:
    """Work out an expression.

    Args:
        expression: The expression.
        values: Value of each name it may read; a step that was skipped has none.
        attachments: Text of each attachment.
        now: The time that `now()` and `today()` mean; the same on replay.

    Returns:
        Plain JSON. Data that is merely passed on is shared with `values`.

    Raises:
        ExpressionError: `where` quotes the part that failed.
        MissingValueError: It reads a value that is not there.
    """
    parsed = parse(expression) if isinstance(expression, str) else expression
    code, operations = _compiled(parsed.source)
    scope = Scope(values=values, attachments=attachments or {}, now=now)
    scope.allowance.spend(operations)
    return code(scope)


@functools.lru_cache(maxsize=1024)
def _compiled(source: str) -> tuple[Code, int]:
    tree = parse(source).tree
    code = _code(tree, _NO_NAMES)
    return _placed(tree, lambda scope: to_json(code(scope))), cost(tree)


def _code(node: ast.expr, bound: frozenset[str]) -> Code:
    """Compile a node; `bound` are the names that loops and lambdas around it give values."""
    match node:
        case ast.Constant(value=value):
            # As it is, like data: a value that is filled in means what it meant as a value.
            return lambda _: value
        case ast.Name(id=name):
            return _name(name, bound)
        case ast.List(elts=elts) | ast.Tuple(elts=elts):
            items = [_code(item, bound) for item in elts]
            return lambda scope: Built(item(scope) for item in items)
        case ast.Set(elts=elts):
            items = [_code(item, bound) for item in elts]
            return _placed(
                node, lambda s: lists.unique(s.allowance, Built(item(s) for item in items))
            )
        case ast.Dict():
            return _placed(node, _object(node, bound))
        case ast.ListComp() | ast.GeneratorExp() | ast.SetComp() | ast.DictComp():
            return _placed(node, _loop(node, bound))
        case ast.Lambda():
            return _lambda(node, bound)
        case _:
            return _placed(node, _failing(node, bound))


def _failing(node: ast.expr, bound: frozenset[str]) -> Code:
    """Compile a node that can meet a value of the wrong kind."""
    match node:
        case ast.Attribute(value=inner, attr=name):
            base = _code(inner, bound)
            return lambda scope: attribute(base(scope), name)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if (
            type(value) is not bool
        ):
            # Python's grammar has no negative literals, and JSON has.
            negative = -value
            return lambda _: negative
        case ast.Subscript():
            return _subscript(node, bound)
        case ast.BinOp(left=left, op=op, right=right):
            operate, a, b = OPERATORS[type(op)], _code(left, bound), _code(right, bound)
            return lambda scope: operate(scope.allowance, a(scope), b(scope))
        case ast.UnaryOp():
            return _unary(node, bound)
        case ast.BoolOp():
            return _boolean(node, bound)
        case ast.Compare():
            return _compare(node, bound)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            condition, then, other = (_code(n, bound) for n in (test, body, orelse))
            return lambda s: then(s) if truth_of(condition(s)) else other(s)
        case ast.JoinedStr(values=parts):
            codes = [_part(part, bound) for part in parts]
            return lambda s: texts.concatenated(s.allowance, [code(s) for code in codes])
        case ast.Call():
            return _form(node, bound) if called(node) in FORMS else _call(node, bound)
        case _:
            raise TypeError(f"{type(node).__name__} passed the check of the syntax")


def _placed(node: ast.expr, code: Code) -> Code:
    """Have an error name the innermost part of the expression that it comes from."""

    def run(scope: Scope) -> Any:
        try:
            return code(scope)
        except ExpressionError as error:
            if not error.where:
                error.where = f"`{cut(node)}`"
            raise

    return run


def _name(name: str, bound: frozenset[str]) -> Code:
    if name in bound:
        return lambda scope: scope.bound[name]
    if name in CONSTANTS:
        return lambda _: CONSTANTS[name]

    def read(scope: Scope) -> Any:
        try:
            return scope.values[name]
        except KeyError:
            raise MissingValueError(
                "It has no value: it did not run, or was skipped.",
                where=f"`{name}`",
                fix=f"Ask has({name}), or write default({name}, …).",
            ) from None

    return read


def _subscript(node: ast.Subscript, bound: frozenset[str]) -> Code:
    base = _code(node.value, bound)
    if isinstance(node.slice, ast.Slice):
        ends = (node.slice.lower, node.slice.upper, node.slice.step)
        codes = [None if end is None else _code(end, bound) for end in ends]
        return lambda s: sliced(s.allowance, base(s), [c and c(s) for c in codes])
    index = _code(node.slice, bound)
    return lambda scope: item(base(scope), index(scope))


def _unary(node: ast.UnaryOp, bound: frozenset[str]) -> Code:
    operand = _code(node.operand, bound)
    if isinstance(node.op, ast.Not):
        return lambda scope: not truth_of(operand(scope))
    if isinstance(node.op, ast.USub):
        return lambda scope: numbers.negate(numbers.number_of(operand(scope)))
    return lambda scope: numbers.number_of(operand(scope))


def _boolean(node: ast.BoolOp, bound: frozenset[str]) -> Code:
    *before, last = (_code(value, bound) for value in node.values)
    if isinstance(node.op, ast.And):
        return lambda scope: _all(before, last, scope)
    behind = node.values[-1]
    if isinstance(behind, ast.Constant) and is_zero(behind.value):
        # `x or 0` is the same number whichever way a 0 in `x` is read.
        before[-1] = _zero_for_nothing(before[-1])
    return lambda scope: _either(before, last, scope)


def _zero_for_nothing(code: Code) -> Code:
    def run(scope: Scope) -> Any:
        value = code(scope)
        return None if is_zero(value) else value

    return run


def _all(before: Sequence[Code], last: Code, scope: Scope) -> Any:
    """Return the first value that is false, or else the last."""
    for code in before:
        value = code(scope)
        if not truth_of(value):
            return value
    return last(scope)


def _either(before: Sequence[Code], last: Code, scope: Scope) -> Any:
    """Return the first value that holds something, or else the last."""
    for code in before:
        value = code(scope)
        if holds(value):
            return value
    return last(scope)


def _compare(node: ast.Compare, bound: frozenset[str]) -> Code:
    first = _code(node.left, bound)
    rest = [
        (COMPARISONS[type(op)], _code(operand, bound))
        for op, operand in zip(node.ops, node.comparators, strict=True)
    ]

    def run(scope: Scope) -> bool:
        left = first(scope)
        for compare, code in rest:
            right = code(scope)
            if not compare(scope.allowance, left, right):
                return False
            left = right
        return True

    return run


def _part(node: ast.expr, bound: frozenset[str]) -> Code:
    """Compile a part of an f-string."""
    if not isinstance(node, ast.FormattedValue):
        return _code(node, bound)
    spec = format_of(node)
    value = _code(node.value, bound)
    return _placed(node.value, lambda s: texts.formatted(s.allowance, value(s), spec))


def _object(node: ast.Dict, bound: frozenset[str]) -> Code:
    pairs = [
        (_code(key, bound), _code(value, bound))
        for key, value in zip(node.keys, node.values, strict=True)
        if key is not None
    ]
    return lambda s: BuiltObject((as_key(key(s)), value(s)) for key, value in pairs)


def _loop(
    node: ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp, bound: frozenset[str]
) -> Code:
    levels: list[_Level] = []
    for index, generator in enumerate(node.generators):
        source, inside = _code(generator.iter, bound), bound | _targets(generator)
        following = [g.iter for g in node.generators[index + 1 :]]
        body = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        levels.append(
            _Level(
                source=source,
                names=tuple(_targets_in_order(generator)),
                unpacks=isinstance(generator.target, ast.Tuple),
                conditions=[_code(test, inside) for test in generator.ifs],
                weight=1 + cost(*generator.ifs, *following, *body),
            )
        )
        bound = inside
    if isinstance(node, ast.DictComp):
        key, value = _code(node.key, bound), _code(node.value, bound)

        def build(scope: Scope) -> BuiltObject:
            found = BuiltObject()
            _run(levels, scope, lambda: found.__setitem__(as_key(key(scope)), value(scope)))
            return found

        return build
    element, distinct = _code(node.elt, bound), isinstance(node, ast.SetComp)

    def collect(scope: Scope) -> Built:
        found = Built()
        _run(levels, scope, lambda: found.append(element(scope)))
        return lists.unique(scope.allowance, found) if distinct else found

    return collect


@dataclass(frozen=True)
class _Level:
    """One `for … in … if …`."""

    source: Code
    names: tuple[str, ...]
    unpacks: bool
    conditions: list[Code]
    weight: int
    """Operations for each item."""


def _targets_in_order(generator: ast.comprehension) -> list[str]:
    target = generator.target
    names = target.elts if isinstance(target, ast.Tuple) else [target]
    return [name.id for name in names if isinstance(name, ast.Name)]


def _targets(generator: ast.comprehension) -> frozenset[str]:
    return frozenset(_targets_in_order(generator))


def _run(levels: Sequence[_Level], scope: Scope, emit: Callable[[], None]) -> None:
    """Run nested loops and call `emit` for each combination of items."""
    level, inner = levels[0], levels[1:]
    items = list_of(level.source(scope))
    scope.allowance.spend(len(items) * level.weight)
    bound = scope.bound
    hidden = {name: bound[name] for name in level.names if name in bound}
    # `default` goes on after an error in here, so what was hidden must come back in any case.
    try:
        for item in items:
            if level.unpacks:
                unpack(level.names, item, bound)
            else:
                bound[level.names[0]] = item
            if all(truth_of(condition(scope)) for condition in level.conditions):
                if inner:
                    _run(inner, scope, emit)
                else:
                    emit()
    finally:
        bound.update(hidden)


def _lambda(node: ast.Lambda, bound: frozenset[str]) -> Code:
    name = node.args.args[0].arg
    body, weight = _code(node.body, bound | {name}), cost(node.body)

    def make(scope: Scope) -> Callable[[Any], Any]:
        def call(item: Any) -> Any:
            scope.allowance.spend(weight)
            hidden = {name: scope.bound[name]} if name in scope.bound else {}
            scope.bound[name] = item
            try:
                return body(scope)
            finally:
                scope.bound.update(hidden)

        return call

    return make


def _call(node: ast.Call, bound: frozenset[str]) -> Code:
    call = function(called(node)).call
    receiver = [node.func.value] if isinstance(node.func, ast.Attribute) else []
    arguments = [_code(argument, bound) for argument in [*receiver, *node.args]]
    keywords = {str(k.arg): _code(k.value, bound) for k in node.keywords}
    if not keywords:
        return lambda s: call(s.allowance, *[argument(s) for argument in arguments])
    return lambda s: call(
        s.allowance,
        *[argument(s) for argument in arguments],
        **{name: code(s) for name, code in keywords.items()},
    )


def _form(node: ast.Call, bound: frozenset[str]) -> Code:
    codes = [_code(argument, bound) for argument in node.args]
    match called(node):
        case "has":
            return lambda scope: _present(codes[0], scope) is not None
        case "default" | "first_of":
            return lambda scope: _first(codes, scope)
        case "attachment":
            return lambda scope: _attachment(scope, codes[0](scope))
        case "today":
            return lambda scope: _time(scope).date()
        case _:
            return _time


def _present(code: Code, scope: Scope) -> Any:
    try:
        return code(scope)
    except MissingValueError:
        return None


def _first(codes: Sequence[Code], scope: Scope) -> Any:
    """Return the first value that is there and not null; the last must be there."""
    for code in codes[:-1]:
        value = _present(code, scope)
        if value is not None:
            return value
    return codes[-1](scope)


def _attachment(scope: Scope, name: str) -> str:
    try:
        return scope.attachments[name]
    except KeyError:
        raise MissingValueError(f"There is no attachment {name!r}.") from None


def _time(scope: Scope) -> datetime:
    if scope.now is None:
        raise ExpressionError("There is no date here.")
    return scope.now
