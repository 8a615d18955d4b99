"""Costs: how many operations the nodes of a tree take."""

from __future__ import annotations

import ast

_WEIGHTS: dict[type[ast.AST], int] = {
    ast.Call: 12,
    ast.BinOp: 6,
    ast.Compare: 3,
    ast.FormattedValue: 10,
}
"""Operations of the nodes that take more than one, as measured."""


def cost(*nodes: ast.AST) -> int:
    """Return the operations of these nodes, each taken once."""
    inner = (inner for node in nodes for inner in ast.walk(node) if isinstance(inner, ast.expr))
    return sum(map(_operations, inner))


def _operations(node: ast.expr) -> int:
    if isinstance(node, ast.Call) and not (node.args or isinstance(node.func, ast.Attribute)):
        return 2
    return _WEIGHTS.get(type(node), 1)
