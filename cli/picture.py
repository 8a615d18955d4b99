"""Picture: the graph drawn with matplotlib, from top to bottom, subgraphs framed."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from langchain_core.runnables.graph import Edge, Graph
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from .layers import layers

Point = tuple[float, float]

WIDTH, HEIGHT = 1.5, 0.5
"""Of a node, in inches."""
COLUMN, ROW = 3.4, 1.15
"""Distance between the centres of neighbours, in inches."""
FRAME = 0.45
LABEL = 24
"""Characters in a line of an edge's label."""

INK, PAPER, ACCENT, FAINT = "#2b2d42", "#ffffff", "#e8ecf8", "#8d99ae"


def draw_picture(graph: Graph, file: Path) -> None:
    """Draw a graph into a PNG file. No network, no display."""
    places = layout(graph)
    xs, ys = [x for x, _ in places.values()], [y for _, y in places.values()]
    low, high = (min(xs) - COLUMN / 2, min(ys) - ROW), (max(xs) + COLUMN / 2, max(ys) + ROW)
    figure = Figure(figsize=(high[0] - low[0], high[1] - low[1]), facecolor=PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    axes.set_axis_off()
    _draw_frames(axes, places)
    boxes = {node: _draw_node(axes, node, place) for node, place in places.items()}
    for edge in graph.edges:
        _draw_edge(axes, edge, places, boxes)
    figure.savefig(file, format="png", dpi=160)


def layout(graph: Graph) -> dict[str, Point]:
    """Return the centre of every node: in the row of its layer, below what leads to it."""
    edges = [(edge.source, edge.target) for edge in graph.edges]
    rows: dict[int, list[str]] = defaultdict(list)
    for node, row in layers(list(graph.nodes), edges).items():
        rows[row].append(node)
    places: dict[str, Point] = {}
    for row in sorted(rows):
        wished = {node: _below(node, edges, places) for node in rows[row]}
        for node, x in _spread(wished).items():
            places[node] = (x, -row * ROW)
    return places


def _below(node: str, edges: list[tuple[str, str]], places: Mapping[str, Point]) -> float:
    above = [places[source][0] for source, target in edges if target == node and source in places]
    return sum(above) / len(above) if above else 0.0


def _spread(wished: Mapping[str, float]) -> dict[str, float]:
    """Move nodes apart that want the same place, keeping the middle of the row."""
    placed: dict[str, float] = {}
    for node in sorted(wished, key=lambda name: wished[name]):
        furthest = max(placed.values(), default=wished[node] - COLUMN)
        placed[node] = max(wished[node], furthest + COLUMN)
    drift = (sum(placed.values()) - sum(wished.values())) / len(placed)
    return {node: x - drift for node, x in placed.items()}


def _draw_frames(axes: Axes, places: Mapping[str, Point]) -> None:
    inside: dict[str, list[Point]] = defaultdict(list)
    for node, place in places.items():
        if ":" in node:
            inside[node.partition(":")[0]].append(place)
    for name, points in inside.items():
        left = min(x for x, _ in points) - WIDTH / 2 - FRAME
        right = max(x for x, _ in points) + WIDTH / 2 + FRAME
        low = min(y for _, y in points) - HEIGHT / 2 - FRAME / 2
        high = max(y for _, y in points) + HEIGHT / 2 + FRAME
        _box(axes, (left, low), (right - left, high - low), "#f7f8fc", FAINT)
        axes.text(left + 0.15, high - 0.28, name, color=FAINT, fontsize=10, weight="bold")


def _draw_node(axes: Axes, node: str, place: Point) -> FancyBboxPatch:
    x, y = place
    name = node.rpartition(":")[2]
    end = name.startswith("__")
    box = _box(
        axes,
        (x - WIDTH / 2, y - HEIGHT / 2),
        (WIDTH, HEIGHT),
        PAPER if end else ACCENT,
        FAINT if end else INK,
    )
    label = name.strip("_")
    color = FAINT if end else INK
    axes.text(x, y, label, ha="center", va="center", fontsize=11, color=color, zorder=4)
    return box


def _box(axes: Axes, corner: Point, size: Point, face: str, edge: str) -> FancyBboxPatch:
    box = FancyBboxPatch(
        corner, *size, boxstyle="round,pad=0,rounding_size=0.15", facecolor=face, edgecolor=edge
    )
    axes.add_patch(box)
    return box


def _draw_edge(
    axes: Axes, edge: Edge, places: Mapping[str, Point], boxes: Mapping[str, FancyBboxPatch]
) -> None:
    start, end = places[edge.source], places[edge.target]
    style: dict[str, Any] = {
        "arrowstyle": "-|>",
        "color": INK,
        "linestyle": (0, (4, 3)) if edge.conditional else "-",
        "shrinkA": 1,
        "shrinkB": 2,
    }
    if edge.source == edge.target:
        # Out of the right side near the bottom, and back in near the top.
        right = start[0] + WIDTH / 2
        style |= {"connectionstyle": "arc3,rad=1.6"}
        tail, tip = (right, start[1] - HEIGHT / 4), (right, start[1] + HEIGHT / 4)
        axes.annotate("", xy=tip, xytext=tail, arrowprops=style)
        _label(axes, edge, (right + 0.3, start[1]), align="left")
        return
    bend = _bend(start, end)
    style |= {
        "connectionstyle": f"arc3,rad={bend}",
        "patchA": boxes[edge.source],
        "patchB": boxes[edge.target],
    }
    axes.annotate("", xy=end, xytext=start, arrowprops=style)
    across, along = end[0] - start[0], end[1] - start[1]
    # The middle of the quadratic curve that arc3 draws.
    middle = (
        (start[0] + end[0]) / 2 + bend * along / 2,
        (start[1] + end[1]) / 2 - bend * across / 2,
    )
    _label(axes, edge, middle)


def _bend(start: Point, end: Point) -> float:
    """Return how far an edge swings out: past the nodes between its ends, or past its return."""
    rows = round((start[1] - end[1]) / ROW)
    if rows < 0:
        return 0.35
    if start[0] == end[0] and rows > 1:
        return -0.45
    return 0.0


def _label(axes: Axes, edge: Edge, place: Point, *, align: str = "center") -> None:
    if edge.data:
        axes.text(
            *place,
            "\n".join(textwrap.wrap(str(edge.data), LABEL)),
            ha=align,
            va="center",
            fontsize=8,
            color=INK,
            zorder=5,
            bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1},
        )
