"""Constants: what of an expression reads nothing is worked out before anything runs."""

from __future__ import annotations

import ast
import functools

from ...errors import ExpressionError
from .evaluation import evaluate
from .reading import reads
from .syntax import cut, parse, printed

_CAN_FAIL = (ast.BinOp, ast.Call, ast.Subscript, ast.Compare, ast.JoinedStr)
_DIVISIONS = (ast.Div, ast.FloorDiv, ast.Mod)


@functools.lru_cache(maxsize=1024)
def check_constants(source: str) -> None:
    """Refuse an expression of which a constant part fails: it would fail in every run.

    Raises:
        ExpressionError: A part divides by zero, is too large, or has no value; `where` quotes it.
    """
    left: list[ast.AST] = [parse(source).tree]
    while left:
        node = left.pop()
        if isinstance(node, ast.BinOp) and isinstance(node.op, _DIVISIONS):
            _check_divisor(node)
        if isinstance(node, _CAN_FAIL) and _is_constant(node):
            _worked_out(node)
        else:
            left.extend(ast.iter_child_nodes(node))


def _check_divisor(node: ast.BinOp) -> None:
    if _is_constant(node.right) and _worked_out(node.right) == 0:
        raise ExpressionError(
            "It divides by zero.", where=f"`{cut(node)}`", fix="Divide by something else."
        )


def _is_constant(node: ast.expr) -> bool:
    try:
        return reads(printed(node)).constant
    except ExpressionError:
        # A part alone may be no expression: a key's lambda, an f-string with inner quotes.
        return False


def _worked_out(node: ast.expr) -> object:
    try:
        return evaluate(printed(node), {})
    except ExpressionError as error:
        where = error.where or f"`{cut(node)}`"
        raise ExpressionError(error.message, where=where, fix=error.fix) from error
