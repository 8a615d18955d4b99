"""AgentDojo's functions as tools: of Pointsman under contracts, of LangChain as they are."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import TypeAdapter

from ...state.values import Json, JsonObject
from ...state.yaml_text import read_yaml
from ...tools.contract import ContractOptions, Tool, ToolCall, ToolContract
from ...tools.langchain import read_options
from ...tools.schema import tidy
from .scene import SCENE, as_json, as_yaml
from .suites import Suite

CONTRACTS = Path(__file__).with_name("contracts.yaml")


@cache
def contracts() -> dict[str, ContractOptions]:
    """Return tool name → contract, as the table beside this file has it."""
    table: JsonObject = read_yaml(CONTRACTS.read_text(encoding="utf-8"))
    return {name: read_options(options, where=name) for name, options in table.items()}


def reads_only(tool: str) -> bool:
    """Say whether a tool changes nothing."""
    return contracts()[tool].get("effect") == "read"


def pointsman_tools(suite: Suite, *, declared: bool = True) -> list[Tool]:
    """Return the suite's tools under contracts, acting on the scene of the current run.

    Args:
        suite: The suite.
        declared: Whether they say what they return.
    """
    return [_pointsman_tool(function, declared=declared) for function in suite.tools]


def _pointsman_tool(function: Any, *, declared: bool) -> Tool:
    name: str = function.name

    async def run(args: JsonObject, call: ToolCall) -> Json:
        del call
        return as_json(SCENE.get().call(name, args))

    schema = tidy(function.parameters.model_json_schema())
    options: ContractOptions = {
        "description": function.description,
        "output_schema": _returned(function.return_type) if declared else None,
        **contracts()[name],
    }
    return Tool(contract=ToolContract(name=name, args_schema=schema, **options), run=run)


def _returned(annotation: Any) -> JsonObject | None:
    """Return what a function declares of its output; nothing where it declares nothing."""
    if annotation is None:
        return None
    return tidy(TypeAdapter(annotation).json_schema(mode="serialization"))


def langchain_tools(suite: Suite) -> list[BaseTool]:
    """Return the suite's tools as `create_agent` takes them; output is YAML, errors are text."""
    return [_langchain_tool(function) for function in suite.tools]


def _langchain_tool(function: Any) -> BaseTool:
    name: str = function.name

    async def run(**args: Any) -> str:
        try:
            return as_yaml(SCENE.get().call(name, args))
        except Exception as error:  # noqa: BLE001 - foreign code; a model reads it, as in AgentDojo
            return f"{type(error).__name__}: {error}"

    return StructuredTool(
        name=name,
        description=function.description,
        args_schema=tidy(function.parameters.model_json_schema()),
        coroutine=run,
    )
