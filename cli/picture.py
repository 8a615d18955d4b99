"""Picture: the graph drawn with matplotlib, from top to bottom, subgraphs framed."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
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
COLUMN, ROW = 3.6, 1.3
"""Distance between the centres of neighbours, in inches."""
SWING = 1.4
"""How far the control point of an edge that passes other nodes stands out, in inches."""
FRAME = 1.4
"""Room between the nodes of a subgraph and its frame, for edges and their labels, in inches."""
LABEL = 18
"""Characters in a line of an edge's label."""

INK, PAPER, ACCENT, FAINT = "#2b2d42", "#ffffff", "#e8ecf8", "#8d99ae"


def draw_picture(graph: Graph, file: Path) -> None:
    """Draw a graph into a PNG file. No network, no display."""
    places = layout(graph)
    xs, ys = [x for x, _ in places.values()], [y for _, y in places.values()]
    beside, above = WIDTH / 2 + FRAME + 0.2, ROW / 2
    low, high = (min(xs) - beside, min(ys) - above), (max(xs) + beside, max(ys) + above)
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
        low = min(y for _, y in points) - HEIGHT / 2 - 0.2
        high = max(y for _, y in points) + HEIGHT / 2 + 0.45
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
    path = _loop(start) if edge.source == edge.target else _path(start, end)
    style: dict[str, Any] = {
        "arrowstyle": "-|>",
        "color": INK,
        "linestyle": (0, (4, 3)) if edge.conditional else "-",
        "connectionstyle": f"arc3,rad={path.bend}",
        "shrinkA": 1,
        "shrinkB": 2,
    }
    if path.between_centres:
        style |= {"patchA": boxes[edge.source], "patchB": boxes[edge.target]}
    axes.annotate("", xy=path.tip, xytext=path.tail, arrowprops=style)
    if edge.data:
        text = "\n".join(textwrap.wrap(str(edge.data), LABEL))
        axes.text(
            *path.label,
            text,
            ha=path.align,
            va="center",
            fontsize=8,
            color=INK,
            zorder=5,
            bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1},
        )


@dataclass(frozen=True, kw_only=True)
class _Path:
    """The way of one edge."""

    tail: Point
    tip: Point
    bend: float = 0.0
    label: Point
    align: str = "center"
    between_centres: bool = False
    """Its ends are the nodes' centres, and it is cut off at their borders."""


def _loop(place: Point) -> _Path:
    """Return the way of an edge to its own node: out of the outer side and back in."""
    x, y = place
    side = -1 if x < 0 else 1
    out = x + side * WIDTH / 2
    return _Path(
        tail=(out, y - side * HEIGHT / 4),
        tip=(out, y + side * HEIGHT / 4),
        bend=1.6,
        label=(out + side * 0.3, y),
        align="right" if side < 0 else "left",
    )


def _path(start: Point, end: Point) -> _Path:
    """Return the way of an edge, past the nodes that stand between its ends."""
    (x1, y1), (x2, y2) = start, end
    rows = round((y1 - y2) / ROW)
    middle = ((x1 + x2) / 2, (y1 + y2) / 2)
    if x1 == x2 and rows == 1:
        side, align = (1, "left") if x1 > 0 else (-1, "right")
        label = (x1 + side * 0.1, middle[1])
        return _Path(tail=start, tip=end, label=label, align=align, between_centres=True)
    if x1 == x2:
        # Down on the right side, up on the left.
        side = 1 if rows > 0 else -1
        out = x1 + side * WIDTH / 2
        return _curve((out, y1), (out, y2), -SWING / abs(y2 - y1))
    towards = 1 if x2 > x1 else -1
    if rows == -1:
        side = (x2 - towards * WIDTH / 2, y2)
        return _curve((x1, y1 + HEIGHT / 2), side, -0.25 * towards)
    if rows < 0:
        corner = (x2 - towards * 0.4 * WIDTH, y2 - HEIGHT / 2)
        return _curve((x1 + towards * WIDTH / 2, y1), corner, 0.05 * towards)
    return _Path(tail=start, tip=end, label=middle, between_centres=True)


def _curve(tail: Point, tip: Point, bend: float) -> _Path:
    """Return a curved way, with its label in the middle of the curve that arc3 draws."""
    across, along = tip[0] - tail[0], tip[1] - tail[1]
    middle = (
        (tail[0] + tip[0]) / 2 + bend * along / 2,
        (tail[1] + tip[1]) / 2 - bend * across / 2,
    )
    return _Path(tail=tail, tip=tip, bend=bend, label=middle)
