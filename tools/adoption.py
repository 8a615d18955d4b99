"""Whatever people give as a tool, made one of ours, or refused with what to do about it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import ConfigError
from .contract import Tool
from .decorator import tool

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool, BaseToolkit

AnyTool: TypeAlias = "Tool | BaseTool | BaseToolkit | Callable[..., Any] | Iterable[Any]"
"""One of ours, a LangChain tool or toolkit, a function, or a list of these. Without a contract it
is writing and untrusted."""


def each_tool(given: Any) -> Iterator[Tool]:
    """Yield what was given as tools, lists opened.

    Raises:
        ConfigError: Something is no tool; the message says how to make one of it.
    """
    match given:
        case Tool():
            yield given
        case _ if inspect.isroutine(given):
            yield tool(given)
        case list() | tuple() | set() | frozenset() | Iterator():
            for item in given:
                yield from each_tool(item)
        case _:
            yield from _foreign(given)


def _foreign(given: Any) -> Iterator[Tool]:
    # LangChain's tools take half a second to import, so only what may be one of them is asked.
    from langchain_core.tools import BaseTool, BaseToolkit

    from .langchain import from_langchain

    match given:
        case BaseTool():
            yield from_langchain(given)
        case BaseToolkit():
            yield from each_tool(given.get_tools())
        case _:
            raise _no_tool(given)


def _no_tool(given: Any) -> ConfigError:
    name = getattr(given, "__name__", type(given).__name__)
    kind = "class" if isinstance(given, type) else type(given).__name__
    return ConfigError(f"This is a {kind}, not a tool.", where=f"tools.{name}", fix=_remedy(given))


def _remedy(given: Any) -> str:
    from langchain_core.runnables import Runnable
    from langchain_core.tools import BaseTool

    if isinstance(given, type) and issubclass(given, BaseTool):
        return f"Give an instance: {given.__name__}()."
    if isinstance(given, type):
        return "A schema does nothing by itself: give a function that takes these arguments."
    if isinstance(given, dict):
        return "A description does nothing by itself: give the function that it describes."
    if hasattr(given, "tools_by_name"):
        return "Give the tools that it holds: list(….tools_by_name.values())."
    if isinstance(given, functools.partial):
        return "Give a function of its own that calls it, with annotations and a docstring."
    if isinstance(given, Runnable):
        return "Give its `.as_tool(name=…, description=…)`."
    return "Give a function with annotations and a docstring, a LangChain tool, or a list of them."
