"""Layers: which row of a picture each node of a directed graph stands in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def layers(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Return node → row, so that edges point down except where they close a cycle.

    Args:
        nodes: All nodes; where a cycle must be cut, the earlier one stays on top.
        edges: Pairs of nodes. A node's edge to itself counts for nothing.
    """
    successors: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in edges:
        if source != target:
            successors[source].append(target)
    forward = _without_cycles(successors)
    rows = dict.fromkeys(nodes, 0)
    for node in _topological(forward):
        for target in forward[node]:
            rows[target] = max(rows[target], rows[node] + 1)
    return rows


def _without_cycles(successors: dict[str, list[str]]) -> dict[str, list[str]]:
    """Drop the edges that lead back to a node that the search is still below."""
    kept: dict[str, list[str]] = {node: [] for node in successors}
    open_nodes: set[str] = set()
    done: set[str] = set()

    def visit(node: str) -> None:
        open_nodes.add(node)
        for target in successors[node]:
            if target in open_nodes:
                continue
            kept[node].append(target)
            if target not in done:
                visit(target)
        open_nodes.discard(node)
        done.add(node)

    for node in successors:
        if node not in done:
            visit(node)
    return kept


def _topological(successors: dict[str, list[str]]) -> list[str]:
    order: list[str] = []
    seen: set[str] = set()

    def visit(node: str) -> None:
        if node not in seen:
            seen.add(node)
            for target in successors[node]:
                visit(target)
            order.append(node)

    for node in successors:
        visit(node)
    return order[::-1]
