"""LangChain tools under a contract; without one they are writing, untrusted and not repeatable."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from langchain_core.tools import BaseTool
from typing_extensions import Unpack

from ..errors import ConfigError
from ..state.values import JsonObject
from .contract import (
    CiteOutput,
    ContractOptions,
    Describe,
    Preview,
    Reconcile,
    Tool,
    ToolContract,
)
from .langchain_arguments import read_arguments
from .langchain_call import run_langchain
from .langchain_function import function_of
from .options import read_options
from .returned import annotated_return

METADATA_KEY = "pointsman"
"""Key of a `BaseTool`'s metadata that may hold its contract."""

_MESSAGE = frozenset({"content", "additional_kwargs", "response_metadata"})
"""Fields of each of LangChain's messages."""


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
    _refuse_reserved(base_tool)
    function, asynchronous = function_of(base_tool)
    arguments = read_arguments(base_tool, function)
    options: ContractOptions = {
        "description": base_tool.description or base_tool.name,
        **read_options(contract, where=base_tool.name),
    }
    return Tool(
        contract=ToolContract(
            name=base_tool.name,
            args_schema=arguments.schema,
            returns=_returns(base_tool, function),
            **options,
        ),
        run=functools.partial(run_langchain, base_tool, function, asynchronous, arguments),
        check=arguments.model.check if arguments.model else None,
        typed=arguments.model is not None,
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


def _returns(base_tool: BaseTool, function: Callable[..., Any]) -> JsonObject | None:
    # What comes beside an artifact, or in a message, is unwrapped and has another shape.
    schema = annotated_return(function) if base_tool.response_format == "content" else None
    return schema if schema and not schema.get("properties", {}).keys() >= _MESSAGE else None


def _refuse_reserved(base_tool: BaseTool) -> None:
    if base_tool.return_direct:
        raise ConfigError(
            "It returns its output to the user unseen (return_direct).",
            where=base_tool.name,
            fix="Set return_direct to False: an answer is written from verified results.",
        )
