"""Inference: an expression over shapes, so that what can't work is found before anything runs.

It errs on one side only: an expression that could work with some values of these shapes passes.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import chain
from typing import Any

from ...errors import ExpressionError
from .. import shapes as known
from ..shapes import ANY, BOOLEAN, NUMBER, TEXT, Shape, ShapeKind
from . import texts
from .dates import FIELDS, told
from .functions import FORMS, Function, Takes, function
from .limits import Allowance
from .operands import check_operands, is_written_out
from .reading import targets
from .syntax import CONSTANTS, Expression, called, cut, format_of, parse
from .taking import unfit, words
from .truth import held, lacking, unchosen, undecided

_DATE = Shape("date")
_RESULTS: Mapping[str, Shape] = {
    "text": TEXT,
    "number": NUMBER,
    "boolean": BOOLEAN,
    "date": _DATE,
    "list of text": known.list_of(TEXT),
    "list of number": known.list_of(NUMBER),
}
_DAY = "2026-01-31"
_SAMPLES: Mapping[str, Any] = {"text": _DAY, "date": date.fromisoformat(_DAY), "number": 1}
"""A value of each kind that has formats, for one to be tried on; a text may be a date."""
_SCALARS: frozenset[ShapeKind] = frozenset({"text", "number", "boolean"})


def infer(expression: Expression | str, shapes: Mapping[str, Shape]) -> Shape:
    """Return the shape of an expression's result.

    Args:
        expression: The expression.
        shapes: Shape of each name whose shape is known.

    Raises:
        ExpressionError: It reads a field that there is not, puts a value where its kind does not
            fit, or compares what is never equal; `where` quotes the part.
    """
    parsed = parse(expression) if isinstance(expression, str) else expression
    return _Inference(dict(shapes)).of(parsed.tree)


def infer_each(expression: Expression | str, shapes: Mapping[str, Shape]) -> tuple[Shape, ...]:
    """Return the shapes of all that an expression chooses from, as `infer` does for them together.

    Raises:
        ExpressionError: As of `infer`.
    """
    parsed = parse(expression) if isinstance(expression, str) else expression
    return tuple(_Inference(dict(shapes)).each(parsed.tree))


def infer_condition(expression: Expression | str, shapes: Mapping[str, Shape]) -> None:
    """Refuse a condition that can say neither true nor false.

    Raises:
        ExpressionError: As of `infer`, or no value of these shapes is a condition.
    """
    parsed = parse(expression) if isinstance(expression, str) else expression
    _Inference(dict(shapes)).truth(parsed.tree)


def _problem(node: ast.AST, message: str, fix: str = "") -> ExpressionError:
    return ExpressionError(message, where=f"`{cut(node)}`", fix=fix)


class _Inference:
    """One walk over a tree. `asked` is true where a missing value is borne with."""

    def __init__(self, names: dict[str, Shape]) -> None:
        self._names = names

    def of(self, node: ast.expr, *, asked: bool = False) -> Shape:
        match node:
            case ast.Constant(value=value):
                shape = known.shape_of_value(value)
                return Shape("text", options=(value,)) if isinstance(value, str) else shape
            case ast.Name(id=name):
                if name in CONSTANTS and name not in self._names:
                    return known.shape_of_value(CONSTANTS[name])
                return self._names.get(name, ANY)
            case ast.Attribute(value=inner, attr=name):
                return self._field(node, self.of(inner, asked=asked), name, asked=asked)
            case ast.Subscript():
                return self._subscript(node, asked=asked)
            case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts):
                items = [self.of(item, asked=asked) for item in elts]
                return known.list_of(known.merged(items)) if items else Shape("list")
            case ast.Dict():
                return self._object(node, asked=asked)
            case ast.Call():
                return self._call(node, asked=asked)
            case ast.IfExp() | ast.BoolOp():
                return known.merged(self.each(node, asked=asked))
            case _:
                return self._operation(node, asked=asked)

    def each(self, node: ast.expr, *, asked: bool = False) -> list[Shape]:
        """Return the shapes of the values of which an expression gives one, as it is."""
        match node:
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.truth(test, asked=asked)
                return [*self.each(body, asked=asked), *self.each(orelse, asked=asked)]
            case ast.BoolOp():
                return self._chosen(node, asked=asked)
            case ast.Call() if called(node) in ("default", "first_of"):
                *before, last = (self.each(part, asked=True) for part in node.args)
                return [*map(held, _known(chain.from_iterable(before))), *last]
            case _:
                return [self.of(node, asked=asked)]

    def _chosen(self, node: ast.BoolOp, *, asked: bool) -> list[Shape]:
        """Return the shapes of what `and` and `or` give: one of their values, not its truth."""
        found = [self.each(value, asked=asked) for value in node.values]
        check_operands(node, found)
        either, before = isinstance(node.op, ast.Or), [*zip(node.values, found, strict=True)][:-1]
        for value, shapes in before:
            if either:
                for shape in shapes:
                    _refuse(value, unchosen(shape))
            else:
                self._decided(value, known.merged(shapes), asked=asked)
        options = _known(chain.from_iterable(shapes for _, shapes in before))
        if either:
            return [*map(held, options), *found[-1]]
        return [*chain.from_iterable(map(lacking, options)), *found[-1]]

    def _operation(self, node: ast.expr, *, asked: bool) -> Shape:
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.truth(operand, asked=asked)
                return BOOLEAN
            case ast.UnaryOp(operand=operand):
                self._number(operand, self.of(operand, asked=asked))
                return NUMBER
            case ast.BinOp():
                return self._arithmetic(node, asked=asked)
            case ast.Compare():
                self._compare(node, asked=asked)
                return BOOLEAN
            case ast.JoinedStr(values=parts):
                for part in parts:
                    if isinstance(part, ast.FormattedValue):
                        self._formatted(part, self.of(part.value, asked=asked))
                return TEXT
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._loop(node, asked=asked)
            case _:
                return ANY

    def _formatted(self, node: ast.FormattedValue, shape: Shape) -> None:
        """Try the format on some value of the kind."""
        spec = format_of(node)
        if not spec or shape.kind not in _SAMPLES:
            return
        try:
            texts.formatted(Allowance(), _SAMPLES[shape.kind], spec)
        except ExpressionError as error:
            raise _problem(node.value, error.message, error.fix) from error

    def _field(self, node: ast.expr, base: Shape, name: str, *, asked: bool) -> Shape:
        if base.kind == "date" and name in FIELDS:
            return NUMBER
        if base.kind == "list":
            raise _problem(
                node,
                f"A list has no field {name!r}.",
                f"Take an item, x[0].{name}, or all: [i.{name} for i in x].",
            )
        if base.kind in _SCALARS and not base.nullable:
            fix = f"Write date(x).{name}." if base.kind == "text" and name in FIELDS else ""
            raise _problem(node, f"{words(base).capitalize()} has no field {name!r}.", fix)
        if base.kind != "object" or name in base.fields:
            return base.fields.get(name, ANY)
        if base.item is not None or not base.fields or (asked and base.open):
            return base.item or ANY
        near = difflib.get_close_matches(name, base.fields, n=2)
        raise _problem(
            node,
            f"There is no field {name!r}.",
            f"Did you mean {' or '.join(near)}?"
            if near
            else f"There are {', '.join(list(base.fields)[:20])}.",
        )

    def _subscript(self, node: ast.Subscript, *, asked: bool) -> Shape:
        base = self.of(node.value, asked=asked)
        if base.kind in ("number", "boolean") and not base.nullable:
            raise _problem(node, f"{words(base).capitalize()} has no items.")
        if isinstance(node.slice, ast.Slice):
            for end in (node.slice.lower, node.slice.upper, node.slice.step):
                if end is not None:
                    self.of(end, asked=asked)
            return Shape(base.kind, item=base.item) if base.kind in ("list", "text") else ANY
        index = self.of(node.slice, asked=asked)
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return self._field(node, base, node.slice.value, asked=asked)
        if base.kind == "list" and index.kind in ("text", "boolean", "list", "object"):
            raise _problem(node, f"{words(index).capitalize()} is no index of a list.")
        if base.kind == "object" and index.kind == "number":
            raise _problem(node, "An object has no items by number.", "Name a field of it.")
        return (base.item or ANY) if base.kind in ("list", "object") else ANY

    def _object(self, node: ast.Dict, *, asked: bool) -> Shape:
        fields: dict[str, Shape] = {}
        named = True
        for key, value in zip(node.keys, node.values, strict=True):
            shape = self.of(value, asked=asked)
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                fields[key.value] = shape
            else:
                named = False
        return Shape("object", fields=fields, open=False) if named else Shape("object")

    def truth(self, node: ast.expr, *, asked: bool = False) -> None:
        """Refuse what stands as a condition and says neither true nor false."""
        self._decided(node, self.of(node, asked=asked), asked=asked)

    def _decided(self, node: ast.expr, shape: Shape, *, asked: bool) -> None:
        if isinstance(node, ast.BoolOp):
            for value in node.values:
                self.truth(value, asked=asked)
        elif is_written_out(node):
            raise _problem(node, f"It is {words(shape)}, not true or false.", "Compare it.")
        else:
            _refuse(node, undecided(shape))

    def _number(self, node: ast.expr, shape: Shape) -> None:
        if shape.kind not in ("any", "number"):
            fix = "Write number(x)." if shape.kind == "text" else ""
            raise _problem(node, f"It is {words(shape)}, not a number.", fix)

    def _arithmetic(self, node: ast.BinOp, *, asked: bool) -> Shape:
        left, right = self.of(node.left, asked=asked), self.of(node.right, asked=asked)
        if isinstance(node.op, ast.Add) and "number" not in (left.kind, right.kind):
            for kind in ("text", "list"):
                if kind in (left.kind, right.kind):
                    return self._added(node, kind, left, right)
            if "any" in (left.kind, right.kind):
                return ANY
        if "date" in (left.kind, right.kind):
            raise _problem(
                node,
                "Dates are not added or subtracted with + and -.",
                "Use add_days(d, n) or days_between(a, b).",
            )
        if isinstance(node.op, ast.Add | ast.Mod) and {left.kind, right.kind} == {"text", "number"}:
            raise _problem(
                node, "A text and a number do not go together.", 'Use f"…{x}…", or number(x).'
            )
        self._number(node.left, left)
        self._number(node.right, right)
        return NUMBER

    def _added(self, node: ast.BinOp, kind: ShapeKind, left: Shape, right: Shape) -> Shape:
        for part, shape in ((node.left, left), (node.right, right)):
            if shape.kind not in ("any", kind):
                wanted = words(Shape(kind))
                raise _problem(part, f"It is {words(shape)}, not {wanted}.", "Use an f-string.")
        if kind == "text":
            return TEXT
        return known.list_of(known.merged(s.item or ANY for s in (left, right)))

    def _compare(self, node: ast.Compare, *, asked: bool) -> None:
        left = self.of(node.left, asked=asked)
        for op, operand in zip(node.ops, node.comparators, strict=True):
            right = self.of(operand, asked=asked)
            if isinstance(op, ast.In | ast.NotIn):
                self._membership(node, left, right)
                if isinstance(operand, ast.List | ast.Tuple | ast.Set):
                    if not operand.elts:
                        raise _problem(node, "Nothing is in an empty list.", "Remove it.")
                    _possible(node, left, right.item or ANY)
            else:
                self._comparable(node, left, right, order=not _is_equality(op))
                if _is_equality(op):
                    _possible(node, left, right)
            left = right

    def _membership(self, node: ast.Compare, what: Shape, where: Shape) -> None:
        if where.kind in ("number", "boolean", "date", "null"):
            raise _problem(node, f"{words(where).capitalize()} has no items.", "Use ==.")
        if where.kind == "text" and what.kind not in ("any", "text"):
            raise _problem(node, f"A text holds texts, not {words(what)}.", "Write text(x).")
        if where.kind == "list" and where.item is not None:
            self._comparable(node, what, where.item, order=False)

    def _comparable(self, node: ast.Compare, left: Shape, right: Shape, *, order: bool) -> None:
        kinds = {left.kind, right.kind}
        if "any" in kinds or (not order and (left.nullable or right.nullable)):
            return
        dated = "date" in kinds and kinds <= {"date", "text"}
        if (kinds & {"list", "object", "boolean", "null"} and order) or (
            len(kinds) > 1 and not dated
        ):
            fix = "Use number(x) or text(x)." if kinds == {"text", "number"} else ""
            raise _problem(node, f"It compares {words(left)} with {words(right)}.", fix)
        for one, other in ((left, right), (right, left)):
            if one.kind == "date" or one.form:
                message, fix = unfit("moment", other)
                if message:
                    raise _problem(node, message, fix)

    def _loop(
        self,
        node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
        *,
        asked: bool,
    ) -> Shape:
        hidden = dict(self._names)
        for generator in node.generators:
            items = self._items(generator.iter, self.of(generator.iter, asked=asked))
            if isinstance(generator.target, ast.Name):
                self._names[generator.target.id] = items
            else:
                self._names |= self._parts(generator, asked=asked)
            for test in generator.ifs:
                self.truth(test, asked=asked)
        if isinstance(node, ast.DictComp):
            self.of(node.key, asked=asked)
            found = Shape("object", item=self.of(node.value, asked=asked))
        else:
            found = known.list_of(self.of(node.elt, asked=asked))
        self._names = hidden
        return found

    def _parts(self, generator: ast.comprehension, *, asked: bool) -> dict[str, Shape]:
        """Return the shapes of the names that a loop gives to the parts of an item."""
        named = dict.fromkeys(targets(generator), ANY)
        call, target = generator.iter, generator.target
        if not isinstance(call, ast.Call) or not isinstance(target, ast.Tuple):
            return named
        given = [*([call.func.value] if isinstance(call.func, ast.Attribute) else []), *call.args]
        parts = self._paired(called(call), [self.of(part, asked=asked) for part in given])
        bound = [name.id for name in target.elts if isinstance(name, ast.Name)]
        return named | dict(zip(bound, parts, strict=False))

    def _paired(self, name: str, given: list[Shape]) -> list[Shape]:
        match name:
            case "enumerate":
                return [NUMBER, _item_of(given[0])]
            case "zip":
                return [_item_of(shape) for shape in given]
            case "items":
                return [TEXT, (given[0].item if given[0].kind == "object" else None) or ANY]
            case _:
                return []

    def _items(self, node: ast.expr, shape: Shape) -> Shape:
        if shape.kind == "list":
            return shape.item or ANY
        if shape.kind == "object":
            return TEXT
        if shape.kind != "any":
            raise _problem(node, f"It is {words(shape)}, not a list.")
        return ANY

    def _call(self, node: ast.Call, *, asked: bool) -> Shape:
        name = called(node)
        receiver = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        arguments = [*receiver, *node.args]
        if name in FORMS:
            return self._form(name, arguments)
        own = function(name)
        # A lambda's argument is an item of the list, wherever the list stands.
        given = {id(a): self.of(a, asked=asked) for a in arguments if not isinstance(a, ast.Lambda)}
        lists = [shape for shape in given.values() if shape.kind == "list"]
        item = (lists[0].item or ANY) if lists else ANY
        made = ANY
        for part in [*arguments, *(keyword.value for keyword in node.keywords)]:
            if isinstance(part, ast.Lambda):
                made = self._lambda(part, item, asked=asked)
            elif id(part) not in given:
                self.of(part, asked=asked)
        self._keys(node, item)
        for part, takes in zip(arguments, _taken(name, node, own), strict=False):
            message, fix = unfit(takes, given.get(id(part), ANY))
            if message:
                raise _problem(part, message, fix)
        first = given.get(id(arguments[0]), ANY)
        if name == "get":
            return self._got(node, first, arguments[1])
        return self._result(own, first, item, made, arguments)

    def _keys(self, node: ast.Call, item: Shape) -> None:
        """A key in quotes is a field of the items."""
        for keyword in node.keywords:
            if keyword.arg == "key" and isinstance(keyword.value, ast.Constant):
                self._field(node, item, str(keyword.value.value), asked=False)

    def _got(self, node: ast.Call, base: Shape, name: ast.expr) -> Shape:
        """`get` asks for a field, and says what else to take."""
        if base.kind == "object" and isinstance(name, ast.Constant):
            self._field(node, base, str(name.value), asked=True)
        return ANY

    def _lambda(self, node: ast.Lambda, item: Shape, *, asked: bool) -> Shape:
        hidden = dict(self._names)
        self._names[node.args.args[0].arg] = item
        made = self.of(node.body, asked=asked)
        self._names = hidden
        return made

    def _form(self, name: str, arguments: list[ast.expr]) -> Shape:
        found = [self.of(argument, asked=True) for argument in arguments]
        match name:
            case "has":
                return BOOLEAN
            case "attachment":
                return TEXT
            case "today" | "now":
                return _DATE
            case _:
                return known.merged([*map(held, _known(found[:-1])), found[-1]])

    def _result(
        self, own: Function, first: Shape, item: Shape, made: Shape, arguments: list[ast.expr]
    ) -> Shape:
        match own.result:
            case "mapped":
                return known.list_of(made)
            case "filtered":
                return known.list_of(item)
            case "same":
                return first if first.kind == "list" else known.list_of(ANY)
            case "item":
                listed = len(arguments) == 1 and first.kind == "list"
                return (first.item or ANY) if listed else ANY
            case "group":
                items = first if first.kind == "list" else known.list_of(ANY)
                return known.list_of(Shape("object", fields={"key": ANY, "items": items}))
            case result:
                return _RESULTS.get(result, ANY)


def _taken(name: str, node: ast.Call, own: Function) -> tuple[Takes, ...]:
    """Return what a call's arguments are to be."""
    if name in ("date", "datetime") and len(node.args) > 1:
        return ("text", "form")
    keyed = any(keyword.arg == "key" for keyword in node.keywords)
    if own.takes == "ordered" and keyed:
        return ("list",)
    # Several values stand for a list of them.
    return () if own.takes == "ordered" and len(node.args) > 1 else (own.takes, *own.then)


def _item_of(shape: Shape) -> Shape:
    return (shape.item if shape.kind == "list" else None) or ANY


def _is_equality(op: ast.cmpop) -> bool:
    return isinstance(op, ast.Eq | ast.NotEq | ast.Is | ast.IsNot)


def _known(shapes: Iterable[Shape]) -> list[Shape]:
    """Return shapes without that of null, which is never chosen while there is another."""
    return [shape for shape in shapes if shape.kind != "null"]


def _refuse(node: ast.expr, found: tuple[str, str]) -> None:
    message, fix = found
    if message:
        raise _problem(node, message, fix)


def _possible(node: ast.Compare, left: Shape, right: Shape) -> None:
    """Refuse texts of which all values are known and none is shared, and a day for a time."""
    for one, other in ((left, right), (right, left)):
        if one.form == "date-time" and other.options and not any(map(_is_time, other.options)):
            raise _problem(node, "It compares a time with a day.", "Write date(x) for its day.")
    if left.options and right.options and not _shared(left, right):
        all_of = max(left.options, right.options, key=len)
        raise _problem(node, "These are never equal.", f"It is one of {', '.join(all_of)}.")


def _is_time(text: str) -> bool:
    return isinstance(told(text), datetime)


def _shared(left: Shape, right: Shape) -> bool:
    if any(map(_is_time, (*left.options, *right.options))):
        return True
    return bool(set(left.options) & set(right.options))
