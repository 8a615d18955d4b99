"""Operands of `and` and `or`: which of them were meant as one more value of the comparison before.

In `status == "open" or "paid"` the second part is true whatever the status is. Python would take
it, and a plan that does what nobody meant is worse than one that is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ...errors import ExpressionError
from ..shapes import Shape
from .syntax import cut

_WRITTEN_OUT = (ast.JoinedStr, ast.List, ast.Tuple, ast.Set, ast.Dict)
_LISTED: dict[type[ast.cmpop], str] = {ast.Eq: "in", ast.NotEq: "not in"}


def check_operands(node: ast.BoolOp, shapes: Sequence[Sequence[Shape]]) -> None:
    """Refuse a written value where a truth stands beside it, or where it hides what follows.

    Args:
        node: The operation.
        shapes: Of each operand, what is known of each of its values.

    Raises:
        ExpressionError: It is so; `where` quotes the operand.
    """
    truths = [any(shape.kind == "boolean" for shape in found) for found in shapes]
    for at, part in enumerate(node.values):
        if is_written_out(part):
            if any(truths[:at]):
                raise _misplaced(part, "is the same whatever it is compared with", node, at)
            if at < len(node.values) - 1:
                raise _misplaced(part, "is always the same, so it decides nothing", node, at)
        elif isinstance(node.op, ast.Or) and _is_text(shapes[at]) and _equals(node.values[at - 1]):
            raise _misplaced(part, "is a text beside a comparison, not one itself", node, at)


def is_written_out(node: ast.expr) -> bool:
    """Whether a value stands there that is the same, or as full, in every run."""
    if isinstance(node, ast.Constant):
        return not (node.value is None or isinstance(node.value, bool))
    return isinstance(node, _WRITTEN_OUT)


def _is_text(shapes: Sequence[Shape]) -> bool:
    return bool(shapes) and all(shape.kind == "text" for shape in shapes)


def _equals(node: ast.expr) -> bool:
    return isinstance(node, ast.Compare) and [type(op) for op in node.ops] == [ast.Eq]


def _misplaced(part: ast.expr, problem: str, node: ast.BoolOp, at: int) -> ExpressionError:
    meant = next(_lists(part, node.values[:at]), "")
    return ExpressionError(
        f"It {problem}.",
        where=f"`{cut(part)}`",
        fix=f"Write `{meant}`." if meant else "Compare it, or write `a if condition else b`.",
    )


def _lists(part: ast.expr, before: Sequence[ast.expr]) -> Iterator[str]:
    """Yield the comparison before with this value beside that which it has."""
    match before:
        case [*_, ast.Compare(left=left, ops=[op], comparators=[one])] if type(op) in _LISTED:
            yield f"{cut(left)} {_LISTED[type(op)]} [{cut(one)}, {cut(part)}]"
        case _:
            pass
