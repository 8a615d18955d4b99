"""Reading: what an expression reads, known before it runs; and how its names are replaced."""

from __future__ import annotations

import ast
import copy
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..values import Json
from .syntax import CONSTANTS, Expression, called, parse, printed


@dataclass(frozen=True, order=True)
class Read:
    """A value that an expression reads: all that stands at a path of a name."""

    name: str
    """A step, or the item of a loop of the plan."""
    parts: tuple[str, ...] = ()
    """Keys and indices from there; empty for the whole value."""


@dataclass(frozen=True)
class Reads:
    """Everything that the result of an expression can depend on."""

    values: frozenset[Read]
    attachments: frozenset[str]
    asked: frozenset[str]
    """Names that may be absent: the expression asks for their presence, or has another value."""
    clock: bool
    """Whether it reads the date."""
    chooses: bool
    """Whether what it reads may decide which of several values it gives."""
    told: frozenset[str]
    """Names that are read for more than to ask whether they are there, or which branch holds."""

    @property
    def names(self) -> frozenset[str]:
        """Names of the values."""
        return frozenset(read.name for read in self.values)

    @property
    def constant(self) -> bool:
        """Whether the result is the same in every run."""
        return not (self.values or self.attachments or self.clock)


def reads(expression: Expression | str) -> Reads:
    """Find what an expression reads, in any branch of it.

    What is computed from a labelled value carries its labels, and a branch that is not taken told
    something too; so nothing is left out because it might not be needed.

    Raises:
        ExpressionError: It is no expression.
    """
    return _reads(expression if isinstance(expression, str) else expression.source)


@functools.lru_cache(maxsize=1024)
def _reads(source: str) -> Reads:
    found = _Finder()
    tree = parse(source).tree
    found.visit(tree, frozenset(), asked=False)
    return Reads(
        values=frozenset(found.values),
        attachments=frozenset(found.attachments),
        asked=frozenset(found.asked),
        clock=found.clock,
        chooses=any(_chooses(node) for node in ast.walk(tree)),
        told=_told(tree),
    )


def _told(tree: ast.expr) -> frozenset[str]:
    found = _Finder()
    found.visit(_Untested().visit(copy.deepcopy(tree)), frozenset(), asked=False)
    return frozenset(read.name for read in found.values)


class _Untested(ast.NodeTransformer):
    """Takes conditions and questions for presence out of a tree."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        node.test = ast.Constant(value=True)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return ast.Constant(value=True) if called(node) == "has" else self.generic_visit(node)


_CHOOSING = frozenset({"default", "filter", "first", "first_of", "get", "last", "max", "min"})


def _chooses(node: ast.AST) -> bool:
    match node:
        case ast.IfExp() | ast.BoolOp():
            return True
        case ast.comprehension(ifs=tests):
            return bool(tests)
        case ast.Subscript(slice=place):
            return not isinstance(place, ast.Constant)
        case ast.Call():
            return called(node) in _CHOOSING
        case _:
            return False


class _Finder:
    """Walks a tree and collects; names of loops and lambdas are no reads."""

    def __init__(self) -> None:
        self.values: set[Read] = set()
        self.attachments: set[str] = set()
        self.asked: set[str] = set()
        self.clock = False

    def visit(self, node: ast.AST, bound: frozenset[str], *, asked: bool) -> None:
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            self._path(node, bound, asked=asked)
        elif isinstance(node, ast.Call):
            self._call(node, bound, asked=asked)
        else:
            for child, inside in children(node, bound):
                self.visit(child, inside, asked=asked)

    def _path(self, node: ast.expr, bound: frozenset[str], *, asked: bool) -> None:
        links: list[ast.Attribute | ast.Subscript] = []
        while isinstance(node, ast.Attribute | ast.Subscript):
            links.insert(0, node)
            node = node.value
        for link in links:
            if isinstance(link, ast.Subscript):
                self.visit(link.slice, bound, asked=asked)
        if not isinstance(node, ast.Name):
            self.visit(node, bound, asked=asked)
        elif is_free(node.id, bound):
            self.values.add(Read(node.id, _static(links)))
            if asked:
                self.asked.add(node.id)

    def _call(self, node: ast.Call, bound: frozenset[str], *, asked: bool) -> None:
        name = called(node)
        if name in ("today", "now"):
            self.clock = True
        if name == "attachment" and isinstance(node.args[0], ast.Constant):
            self.attachments.add(str(node.args[0].value))
        asks = asked or name in ("has", "default", "first_of")
        if isinstance(node.func, ast.Attribute):
            self.visit(node.func.value, bound, asked=asked)
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            self.visit(argument, bound, asked=asks)


def is_free(name: str, bound: frozenset[str]) -> bool:
    """Whether a name stands for a value from outside the expression."""
    return name not in bound and name not in CONSTANTS


def _static(links: list[ast.Attribute | ast.Subscript]) -> tuple[str, ...]:
    """Return the keys up to the first that is known only at run time."""
    parts: list[str] = []
    for link in links:
        match link:
            case ast.Attribute(attr=name):
                parts.append(name)
            case ast.Subscript(slice=ast.Constant(value=str(key))):
                parts.append(key)
            # An index from the end depends on the whole list.
            case ast.Subscript(slice=ast.Constant(value=int(index))) if index >= 0:
                parts.append(str(index))
            case _:
                break
    return tuple(parts)


def children(node: ast.AST, bound: frozenset[str]) -> Iterator[tuple[ast.AST, frozenset[str]]]:
    """Yield the expressions in a node, with the names that are bound in each."""
    match node:
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            for generator in node.generators:
                yield generator.iter, bound
                bound = bound | targets(generator)
                for test in generator.ifs:
                    yield test, bound
            for part in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
                yield part, bound
        case ast.Lambda(args=args, body=body):
            yield body, bound | {args.args[0].arg}
        case _:
            for child in ast.iter_child_nodes(node):
                yield child, bound


def targets(generator: ast.comprehension) -> frozenset[str]:
    """Return the names that a loop binds."""
    return frozenset(n.id for n in ast.walk(generator.target) if isinstance(n, ast.Name))


def renamed(source: str, names: Mapping[str, str]) -> str:
    """Return an expression that reads the same values under other names.

    Raises:
        ExpressionError: It is no expression.
    """
    return _replaced(source, lambda name: names.get(name) and ast.Name(id=names[name]))


def unpacked(source: str, item: str, names: Sequence[str]) -> str:
    """Return an expression that reads the parts of an item where it had a name for each.

    Raises:
        ExpressionError: It is no expression.
    """
    part = {name: f"{item}[{at}]" for at, name in enumerate(names)}
    return _replaced(
        source, lambda name: ast.parse(part[name], mode="eval").body if name in part else None
    )


def filled(source: str, values: Mapping[str, Json]) -> str:
    """Return an expression with names replaced by literals, which are no reads any more.

    Raises:
        ExpressionError: It is no expression.
    """
    return _replaced(source, lambda name: _literal(values[name]) if name in values else None)


def substituted(source: str, expressions: Mapping[str, str]) -> str:
    """Return an expression with names replaced by expressions.

    Raises:
        ExpressionError: It is no expression, or what comes of it is none.
    """
    return _replaced(
        source,
        lambda name: (
            ast.parse(expressions[name], mode="eval").body if name in expressions else None
        ),
    )


def _literal(value: Json) -> ast.expr:
    # Braces hold a number together in `-1 .field`, and a literal of JSON is one of Python.
    return ast.parse(repr(value), mode="eval").body


def _replaced(source: str, replacement: Callable[[str], ast.expr | str | None]) -> str:
    # The tree of `parse` is shared, so a tree of its own is read here.
    tree = ast.parse(parse(source).source.strip(), mode="eval")
    found: list[tuple[ast.Name, ast.expr]] = []

    def visit(node: ast.AST, bound: frozenset[str]) -> None:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            for part in [*node.args, *node.keywords]:
                visit(part, bound)
        elif isinstance(node, ast.Name):
            new = replacement(node.id) if is_free(node.id, bound) else None
            if isinstance(new, ast.expr):
                found.append((node, new))
        else:
            for child, inside in children(node, bound):
                visit(child, inside)

    visit(tree.body, frozenset())
    if not found:
        return source
    return parse(printed(_Swap(dict(found)).visit(tree))).source


class _Swap(ast.NodeTransformer):
    """Puts other nodes in the place of names."""

    def __init__(self, new: Mapping[ast.Name, ast.expr]) -> None:
        self._new = new

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._new.get(node, node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.JoinedStr:
        """Put an f-string in another into it: their quotes would not go together."""
        self.generic_visit(node)
        parts: list[ast.expr] = []
        for part in node.values:
            match part:
                case ast.FormattedValue(value=ast.JoinedStr(values=inner), format_spec=None):
                    parts += inner
                case _:
                    parts.append(part)
        node.values = parts
        return node
