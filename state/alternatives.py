"""Alternatives: `first_of` over what is always there chooses nothing."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TypeAlias

from ..errors import ExpressionError
from .expressions.syntax import called, cut, parse, printed
from .shapes import Shape
from .values import Json

IsThere: TypeAlias = Callable[[str, Sequence[str]], bool]
"""Says whether a value certainly stands at a path of a name."""


def is_always_at(shape: Shape, path: Sequence[str]) -> bool:
    """Whether something stands at a path of every value of a shape, and is not null."""
    for part in path:
        if shape.kind != "object" or shape.nullable or part not in shape.fields:
            return False
        if part in shape.maybe:
            return False
        shape = shape.fields[part]
    return shape.kind not in ("any", "null") and not shape.nullable


def check_alternatives(source: str, is_there: IsThere) -> None:
    """Refuse an expression whose `first_of` never comes to its second value.

    Raises:
        ExpressionError: What stands before others is always there.
    """
    for node in ast.walk(parse(source).tree):
        if isinstance(node, ast.Call) and called(node) == "first_of":
            for option in node.args[:-1]:
                named = _path(option)
                if named and is_there(named[0], named[1:]):
                    raise no_alternative(printed(option), f"`{cut(node)}`")


def first_there(options: Sequence[Json], is_there: IsThere) -> str:
    """Return the reference of a `$first_of` after which no other is ever used, if there is one."""
    for option in options[:-1]:
        if isinstance(option, dict) and "$from" in option:
            name, path = str(option["$from"]), str(option.get("path", ""))
            if is_there(name, path.split(".") if path else ()):
                return f"{name}.{path}" if path else name
    return ""


def no_alternative(named: str, where: str) -> ExpressionError:
    """Return the error for a value after which no other is ever used."""
    return ExpressionError(
        f"{named} is always there, so what follows it is never used.",
        where=where,
        fix='Use it alone, or give its step a `when` or on_error "skip".',
    )


def _path(node: ast.expr) -> list[str]:
    match node:
        case ast.Name(id=name):
            return [name]
        case (
            ast.Attribute(value=inner, attr=name)
            | ast.Subscript(value=inner, slice=ast.Constant(value=str(name)))
        ):
            return [*found, name] if (found := _path(inner)) else []
        case _:
            return []
