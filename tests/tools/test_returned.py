"""What a function's return annotation tells of its output."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, NotRequired

import pytest
from langchain_core.messages import ToolMessage
from langchain_core.tools import StructuredTool
from langchain_core.tools import tool as langchain_tool
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from pointsman.planners.tool_lines import tool_lines
from pointsman.state.shapes import shape_of
from pointsman.state.values import Json
from pointsman.tools import tool
from pointsman.tools.langchain import from_langchain
from pointsman.tools.output import read_output
from pointsman.tools.returned import returned_schema

if TYPE_CHECKING:
    from fractions import Fraction


class Size(Enum):
    """An enumeration."""

    SMALL = "s"
    LARGE = "l"


class Line(TypedDict):
    """A typed dictionary."""

    sku: str
    note: NotRequired[str]


@dataclass
class Node:
    """A dataclass that refers to itself."""

    name: str
    children: list[Node]


class Point(NamedTuple):
    """A named tuple, which JSON has as a list."""

    x: int
    y: int


class Order(BaseModel):
    """A model."""

    id_: str = Field(alias="id")
    total: Decimal
    lines: list[Line] = []
    paid: datetime.date | None = None


CASES: list[tuple[Any, str]] = [
    (dict[str, list[Line]], "{any name: [{sku: text, note?: text}]}"),
    (Line | None, "{sku: text, note?: text} or null"),
    (Order, "{id_: text, total: text, lines?: [{sku: text, note?: text}], "
     "paid?: text date or null}"),
    (list[Order | Line], "[{id_?: text, total?: text, lines?: [{sku: text, note?: text}], "
     "paid?: text date or null, sku?: text, note?: text}]"),
    (Node, "{name: text, children: [{name: text, children: [{name: text, children: [any]}]}]}"),
    (Point, "[number]"),
    (tuple[int, str], "[any]"),
    (Size, '"s" | "l"'),
    (Literal["a", "b"], '"a" | "b"'),
    (Mapping[str, float], "{any name: number}"),
    (Sequence[bool], "[boolean]"),
    (Annotated[dict[str, int], "of stock"], "{any name: number}"),
    (dict[str, Any], "object"),
    (list[dict], "[object]"),
    (dict, "object"),
    (None, "null"),
    (str, "text"),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "expected"), CASES)
def test_an_annotation_has_a_shape(annotation: Any, expected: str) -> None:
    """Whatever types it is made of."""
    assert str(shape_of(returned_schema(annotation))) == expected


@pytest.mark.parametrize("annotation", [Any, object, type, bytes | Any, int | str])
def test_an_annotation_may_say_nothing(annotation: Any) -> None:
    """Then nothing is known, as without one."""
    assert returned_schema(annotation) is None


@pytest.mark.parametrize(
    "value",
    [
        Order(id="A", total=Decimal("9.50"), lines=[{"sku": "x"}]),
        Node(name="a", children=[Node(name="b", children=[])]),
        [Point(1, 2)],
        {"s": Size.SMALL},
    ],
    ids=lambda value: type(value).__name__,
)
async def test_outputs_are_written_as_the_annotation_says(value: Any) -> None:
    """Names and kinds of what is written fit the schema of its type."""
    annotation = type(value) if not isinstance(value, list | dict) else {
        list: list[Point], dict: dict[str, Size]
    }[type(value)]  # fmt: skip

    @tool(effect="read", output_schema=returned_schema(annotation))
    async def get() -> Any:
        """Get it."""

    assert await read_output(get.contract, value, None) is not None


def test_a_tools_line_tells_what_it_returns() -> None:
    """Of a function with a contract, of a plain one that LangChain wraps, and of neither."""

    @tool(effect="read")
    async def ours(order: str) -> Order:
        """Get an order."""
        raise NotImplementedError

    @langchain_tool
    def theirs(order: str) -> Line:
        """Get a line."""
        raise NotImplementedError

    @tool(effect="read")
    async def silent(order: str) -> Any:
        """Get something."""

    assert "returns {id_: text, total: text" in tool_lines([ours.contract])
    assert "returns {sku: text, note?: text}" in tool_lines([from_langchain(theirs).contract])
    assert "returns" not in tool_lines([silent.contract])


def test_what_is_unwrapped_has_another_shape() -> None:
    """A message or a pair with an artifact is not what its function is annotated with."""

    def message(order: str) -> ToolMessage:
        """Send a message back."""
        raise NotImplementedError

    def pair(order: str) -> tuple[str, Line]:
        """Send an artifact back."""
        raise NotImplementedError

    told = StructuredTool.from_function(message)
    beside = StructuredTool.from_function(pair, response_format="content_and_artifact")
    assert from_langchain(told).contract.returns is None
    assert from_langchain(beside).contract.returns is None


def test_types_of_the_type_checker_alone_say_nothing() -> None:
    """A LangChain tool whose annotation cannot be read is taken as before."""

    def half(order: str) -> Fraction:
        """Halve it."""
        raise NotImplementedError

    wrapped = StructuredTool.from_function(
        half, args_schema={"type": "object", "properties": {"order": {"type": "string"}}}
    )
    assert from_langchain(wrapped).contract.returns is None


async def test_no_output_is_held_to_an_annotation() -> None:
    """A wrong annotation loses nothing that a call brought."""

    @tool(effect="read")
    async def wrong() -> dict[str, int]:
        """Return a list all the same."""
        raise NotImplementedError

    output: Json = ["x"]
    assert await read_output(wrong.contract, output, None) == ["x"]
