"""tau2's functions as tools: under Pointsman's `@tool`, or as plain LangChain tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from langchain_core.tools import StructuredTool

from ...tools.decorator import tool
from .desk import Desk

ToolForm = Literal["pointsman", "langchain"]

FORMS: Mapping[ToolForm, str] = {"pointsman": "`@tool`", "langchain": "plain LangChain tools"}


def tools_of(desk: Desk, form: ToolForm) -> list[Any]:
    """Return the desk's tools as an application would write them.

    Pointsman's have a contract: what reads is said to read, and an error of tau2's (`ValueError`)
    is a refusal. LangChain's have none, so they count as writing and untrusted.
    """
    functions = desk.functions().values()
    if form == "langchain":
        return [StructuredTool.from_function(function) for function, _ in functions]
    return [
        tool(
            effect="read" if reads else "write",
            trust="trusted",
            nothing_happened=(ValueError,),
        )(function)
        for function, reads in functions
    ]
