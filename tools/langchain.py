"""LangChain tools under a contract; without one they are writing, untrusted and not repeatable."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, cast

from langchain_core.messages import BaseMessage, ToolMessage
from langchain_core.tools import BaseTool, StructuredTool
from langchain_core.tools import Tool as TextTool
from pydantic import BaseModel
from typing_extensions import Unpack

from ..errors import ConfigError
from ..state.values import Json, JsonObject
from .contract import (
    CiteOutput,
    ContractOptions,
    Describe,
    Preview,
    Reconcile,
    Tool,
    ToolCall,
    ToolContract,
)
from .options import read_options
from .schema import tidy
from .threads import TOOL_THREADS

METADATA_KEY = "pointsman"
"""Key of a `BaseTool`'s metadata that may hold its contract."""

_GIVEN_BY_LANGCHAIN = frozenset({"self", "config", "callbacks", "run_manager"})


def with_contract(
    base_tool: BaseTool,
    *,
    describe: Describe | None = None,
    preview: Preview | None = None,
    reconcile: Reconcile | None = None,
    cite: CiteOutput | None = None,
    **contract: Unpack[ContractOptions],
) -> Tool:
    """Put a LangChain tool under a contract; what is not given keeps its careful default.

    Raises:
        ConfigError: The tool needs injected arguments, or a field of the contract is not valid.
    """
    _refuse_injected(base_tool)
    _refuse_reserved(base_tool)
    schema = _schema(base_tool)
    options: ContractOptions = {
        "description": base_tool.description or base_tool.name,
        **read_options(contract, where=base_tool.name),
    }
    return Tool(
        contract=ToolContract(name=base_tool.name, args_schema=schema, **options),
        run=functools.partial(_run, _raising(base_tool)),
        describe=describe,
        preview=preview,
        reconcile=reconcile,
        cite=cite,
    )


def from_langchain(base_tool: BaseTool) -> Tool:
    """Adapt a LangChain tool; its contract is `metadata["pointsman"]`, if it has one.

    Raises:
        ConfigError: See `with_contract`.
    """
    metadata = base_tool.metadata or {}
    if METADATA_KEY in metadata and "readOnlyHint" in metadata:
        # The MCP adapter copies a server's annotations, extra ones included, into the metadata.
        raise ConfigError(
            "The contract in its metadata may have been written by the server.",
            where=f"{base_tool.name}.metadata",
            fix="Load the server with `mcp_tools`, or give the contract by `with_contract`.",
        )
    options = read_options(metadata.get(METADATA_KEY, {}), where=f"{base_tool.name}.metadata")
    return with_contract(base_tool, **options)


def _schema(base_tool: BaseTool) -> JsonObject:
    if isinstance(base_tool, TextTool) and base_tool.args_schema is None:
        # What LangChain would infer here is the signature of its own method.
        named = base_tool.args
        return {"type": "object", "properties": named, "required": list(named)}
    declared = base_tool.tool_call_schema
    if isinstance(declared, dict):
        schema = dict(declared)
    else:
        schema = tidy(cast("type[BaseModel]", declared).model_json_schema())
    if base_tool.args_schema is None:
        schema = _without_config(schema)
    return {key: value for key, value in schema.items() if key not in ("title", "description")}


def _without_config(schema: JsonObject) -> JsonObject:
    """Drop the run's configuration, which LangChain passes in and yet infers as an argument."""
    kept = {
        name: field
        for name, field in schema.get("properties", {}).items()
        if field != {"$ref": "#/$defs/RunnableConfig"}
    }
    defined = {k: v for k, v in schema.get("$defs", {}).items() if k != "RunnableConfig"}
    required = [name for name in schema.get("required", ()) if name in kept]
    return {**schema, "properties": kept, "required": required, "$defs": defined}


def _refuse_reserved(base_tool: BaseTool) -> None:
    if base_tool.return_direct:
        raise ConfigError(
            "It returns its output to the user unseen (return_direct).",
            where=base_tool.name,
            fix="Set return_direct to False: an answer is written from verified results.",
        )


def _refuse_injected(base_tool: BaseTool) -> None:
    """Refuse a tool that needs values which only LangGraph's own tool node would inject."""
    properties = _schema(base_tool).get("properties", {})
    for function in _functions(base_tool):
        for parameter in inspect.signature(function).parameters.values():
            named = parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
            needed = named and parameter.default is parameter.empty
            if needed and parameter.name not in {*properties, *_GIVEN_BY_LANGCHAIN}:
                raise ConfigError(
                    "The tool needs this argument injected (InjectedToolArg, ToolRuntime, state).",
                    where=f"{base_tool.name}.{parameter.name}",
                    fix="Bind the value before, for example in a closure, or write it with @tool.",
                )


def _functions(base_tool: BaseTool) -> list[Callable[..., Any]]:
    if isinstance(base_tool, TextTool):
        return []  # takes one text, whatever its parameter is called
    if isinstance(base_tool, StructuredTool):
        return [f for f in (base_tool.func, base_tool.coroutine) if f is not None]
    return [base_tool._run]  # pyright: ignore[reportPrivateUsage] - where its arguments are declared


def _raising(base_tool: BaseTool) -> BaseTool:
    """Return the tool with its errors as exceptions: as text they would pass for results."""
    return base_tool.model_copy(
        update={"handle_tool_error": False, "handle_validation_error": False}
    )


def _is_synchronous(base_tool: BaseTool) -> bool:
    if isinstance(base_tool, StructuredTool | TextTool):
        return base_tool.coroutine is None
    return type(base_tool)._arun is BaseTool._arun  # pyright: ignore[reportPrivateUsage]


async def _run(base_tool: BaseTool, args: JsonObject, call: ToolCall) -> Json:
    asked: Any = args
    # Called with bare arguments, LangChain drops an artifact; called with a tool call, it returns
    # a message, but turns other outputs into text.
    if base_tool.response_format == "content_and_artifact":
        asked = {
            "type": "tool_call",
            "name": base_tool.name,
            "args": args,
            "id": call.idempotency_key,
        }
    if _is_synchronous(base_tool):
        # Its own `ainvoke` would use the loop's executor, which hanging tools can fill up.
        return _output(await TOOL_THREADS.run(base_tool.invoke, asked))
    return _output(await base_tool.ainvoke(asked))


def _output(result: Any) -> Json:
    if isinstance(result, ToolMessage):
        if result.status == "error":
            raise RuntimeError(result.text)
        if result.artifact is None:
            return result.content
        return {"content": result.content, "artifact": result.artifact}
    if isinstance(result, BaseMessage):
        return result.content
    if isinstance(result, BaseModel):
        return result.model_dump(mode="json")
    return result
