"""The function behind a LangChain tool, which LangChain calls `_run` or `_arun`.

These are private by name and the only way to a subclass's own code: the public `invoke` passes
LangChain's values over arguments of the same names, so what ran would not be what was approved.
`tests/tools/test_langchain_function.py` fails when they change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool
from langchain_core.tools import Tool as TextTool


def function_of(base_tool: BaseTool) -> tuple[Callable[..., Any], bool]:
    """Return the function behind a tool, and whether it is asynchronous."""
    if isinstance(base_tool, StructuredTool | TextTool):
        if base_tool.coroutine is not None:
            return base_tool.coroutine, True
        if base_tool.func is not None:
            return base_tool.func, False
    if type(base_tool)._arun is BaseTool._arun:  # pyright: ignore[reportPrivateUsage]
        return base_tool._run, False  # pyright: ignore[reportPrivateUsage]
    return base_tool._arun, True  # pyright: ignore[reportPrivateUsage]
