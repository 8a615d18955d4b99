"""What people give as a tool works, or the error says what to give."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import BaseTool, BaseToolkit
from langchain_core.tools import tool as langchain_tool
from pydantic import BaseModel

import pointsman
from pointsman.errors import ConfigError
from pointsman.tools import collect, tool


def weather(city: str, days: int = 1) -> str:
    """Say how the weather will be.

    Args:
        city: Where.
        days: For how long.
    """
    return f"{city} {days}"


async def later(city: str) -> str:
    """Say it later."""
    return city


@langchain_tool
def theirs(city: str) -> str:
    """Say it by LangChain."""
    return city


@tool
def ours(city: str) -> str:
    """Say it by a decorator without parentheses."""
    return city


class Station:
    """Something with a method."""

    def report(self, city: str) -> str:
        """Report."""
        return city


class Kit(BaseToolkit):
    """A toolkit."""

    def get_tools(self) -> list[BaseTool]:
        """Return the tools."""
        return [theirs]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (weather, ["weather"]),
        ([weather, later], ["later", "weather"]),
        ([[weather], (later, [theirs])], ["later", "theirs", "weather"]),
        (theirs, ["theirs"]),
        ([ours], ["ours"]),
        (Station().report, ["report"]),
        (Kit(), ["theirs"]),
        (iter([weather]), ["weather"]),
        ([], []),
    ],
)
def test_functions_lists_and_toolkits_are_tools(given: Any, names: list[str]) -> None:
    """Without a contract they get the careful defaults, and a person is asked before each call."""
    found = collect(given)
    assert sorted(found) == names
    assert {(t.contract.effect, t.contract.trust) for t in found.values()} <= {
        ("write", "untrusted")
    }


def test_a_function_brings_its_description_and_arguments() -> None:
    """From its docstring and annotations."""
    contract = collect(weather)["weather"].contract
    assert contract.description == "Say how the weather will be."
    assert contract.args_schema["properties"]["city"] == {"type": "string", "description": "Where."}
    assert contract.args_schema["required"] == ["city"]


def no_words(city: str) -> str:  # noqa: D103
    return city


def no_types(city) -> str:  # type: ignore[no-untyped-def]
    """Say it."""
    return city


class NotMade(BaseTool):
    """A class in place of an instance."""

    name: str = "not_made"
    description: str = "Not made."

    def _run(self) -> str:
        return ""


class Schema(BaseModel):
    """A schema in place of a tool."""

    city: str


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (no_words, "docstring"),
        (no_types, "Annotate it"),
        (lambda city: city, "docstring"),
        (NotMade, r"NotMade\(\)"),
        (Schema, "a function that takes these arguments"),
        (Station, "a function"),
        (Station(), "a function"),
        ({"type": "function", "function": {"name": "x"}}, "the function that it describes"),
        (RunnableLambda(weather), "as_tool"),
        (pytest.importorskip("langgraph.prebuilt").ToolNode([weather]), "tools_by_name"),
        ("weather", "a function"),
        (None, "a function"),
        (functools.partial(weather, days=2), "a function of its own"),
    ],
)
def test_what_is_no_tool_says_what_to_give(given: Any, says: str) -> None:
    """Whether it stands alone or in a list."""
    for tools in (given, [given]):
        with pytest.raises(ConfigError) as raised:
            collect(tools)
        assert raised.value.fix
        with pytest.raises(ConfigError, match=says):
            collect(tools)


@pytest.mark.parametrize("tools", [weather, [weather], [[weather]], theirs, None, []])
def test_an_agent_is_built_with_them(tools: Any, own_home: Any) -> None:
    """In each form that `build_agent(tools=…)` may be given."""
    assert pointsman.build_agent(tools=tools) is not None
