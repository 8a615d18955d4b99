"""The parts of LangChain's tools that are private by name: these fail when one of them changes."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.tools import BaseTool, StructuredTool
from langchain_core.tools import Tool as TextTool

from pointsman.tools.langchain_function import function_of


class Plain(BaseTool):
    """A tool with synchronous code only."""

    name: str = "plain"
    description: str = "Return the text."

    def _run(self, text: str) -> str:
        return text


class Both(Plain):
    """A tool with both."""

    async def _arun(self, text: str) -> str:
        return f"{text}, awaited"


def shout(text: str) -> str:
    """Return the text in capitals."""
    return text.upper()


@pytest.mark.parametrize(
    "tool",
    [
        pytest.param(Plain(), id="subclass"),
        pytest.param(StructuredTool.from_function(shout), id="function"),
        pytest.param(TextTool(name="shout", description="Shout.", func=shout), id="text"),
    ],
)
def test_synchronous_code_is_found(tool: BaseTool) -> None:
    """It does what LangChain's own call does."""
    function, asynchronous = function_of(tool)

    assert not asynchronous
    assert function(text="hi") == tool.invoke({"text": "hi"})


async def test_asynchronous_code_comes_first() -> None:
    """Where a tool has both, LangChain awaits, and so do we."""
    function, asynchronous = function_of(Both())
    said: Any = function(text="hi")

    assert asynchronous
    assert await said == await Both().ainvoke({"text": "hi"}) == "hi, awaited"


def test_langchain_calls_the_method_that_is_overridden() -> None:
    """A stand-in's `_run` is what `invoke` runs: calls go through one."""
    assert Plain().invoke({"text": "hi"}) == "hi"
    assert type(Plain())._arun is BaseTool._arun  # pyright: ignore[reportPrivateUsage]
