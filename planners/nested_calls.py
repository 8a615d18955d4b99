"""Nested calls: a tool that is called within another step's line becomes a step of its own.

`paid = pay(order=find(customer='Ann').id)` is what a programmer writes. The call is moved before
the statement that it stands in, and its name is put in its place; nothing else changes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

_MOST = 20
"""Calls of a line that are moved."""


def unnested(text: str, tools: Collection[str], parse: Callable[[str], list[ast.stmt]]) -> str:
    """Return a line in which each call of a tool is a statement of its own.

    Args:
        text: The line, or several.
        tools: Names of what can be called.
        parse: Reads a text; raises `SyntaxError` or `ValueError`.
    """
    for _ in range(_MOST):
        try:
            found = next(_nested(parse(text), tools), None)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return text
        if found is None:
            return text
        text = found.moved(text)
    return text


@dataclass(frozen=True)
class _Nested:
    """A call and the statement that it is moved before."""

    call: ast.Call
    before: ast.stmt

    def moved(self, text: str) -> str:
        """Return the text with the call before the statement, under a name."""
        name = self._name(text)
        lines = text.encode().split(b"\n")
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        source = text.encode()
        begin = starts[self.before.lineno - 1] + self.before.col_offset
        first = starts[self.call.lineno - 1] + self.call.col_offset
        last = starts[(self.call.end_lineno or 1) - 1] + (self.call.end_col_offset or 0)
        call = source[first:last]
        rest = source[begin:first] + name.encode() + source[last:]
        compound = isinstance(self.before, ast.If | ast.For)
        between = b"\n" + b" " * self.before.col_offset if compound else b"; "
        return (source[:begin] + name.encode() + b" = " + call + between + rest).decode()

    def _name(self, text: str) -> str:
        nodes = list(ast.walk(self.before))
        stored = [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        tool = _tool(self.call).rpartition(".")[2]
        base = "_".join([*stored[:1], tool])[:36]
        taken = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
        numbered = (base if n == 1 else f"{base}_{n}" for n in range(1, len(taken) + 2))
        return next(name for name in numbered if name not in taken)


def _nested(body: list[ast.stmt], tools: Collection[str]) -> Iterator[_Nested]:
    for statement in body:
        match statement:
            case ast.If(test=test, body=inner, orelse=others):
                yield from _within(test, statement, tools)
                yield from _nested(inner, tools)
                # What an elif asks is asked only if the first condition was false.
                if not (len(others) == 1 and isinstance(others[0], ast.If)):
                    yield from _nested(others, tools)
            case ast.For(iter=listed, body=inner):
                yield from _within(listed, statement, tools)
                yield from _nested(inner, tools)
            case ast.Assign(value=value) | ast.Expr(value=value) | ast.AnnAssign(value=value):
                for part in _own_parts(value):
                    yield from _within(part, statement, tools)
            case _:
                pass


def _own_parts(value: ast.expr | None) -> list[ast.expr]:
    """Return what of a statement's value may hold a call that is not the statement's own."""
    match value:
        case None:
            return []
        case ast.Await(value=inner):
            return _own_parts(inner)
        case ast.Call(args=args, keywords=keywords):
            return [*args, *(keyword.value for keyword in keywords)]
        case ast.IfExp(test=test, body=ast.Call()):
            return [test]
        case ast.Tuple():
            return []
        case _:
            return [value]


def _within(node: ast.AST, before: ast.stmt, tools: Collection[str]) -> Iterator[_Nested]:
    """Yield the calls that are made whatever comes, the innermost first."""
    for child in _certain(node):
        yield from _within(child, before, tools)
    if isinstance(node, ast.Call) and _tool(node) in tools:
        yield _Nested(node, before)


def _certain(node: ast.AST) -> list[ast.AST]:
    match node:
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            return [node.generators[0].iter]
        case ast.IfExp(test=test):
            return [test]
        case ast.BoolOp(values=values):
            return [values[0]]
        case ast.Lambda():
            return []
        case _:
            return list(ast.iter_child_nodes(node))


def _tool(call: ast.Call) -> str:
    return ast.unparse(call.func) if isinstance(call.func, ast.Name | ast.Attribute) else ""
