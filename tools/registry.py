"""The tools of an agent, by name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping

from ..errors import ConfigError, NotFoundError
from .adoption import AnyTool, each_tool
from .arguments import check_schema
from .contract import ContractOptions, Tool, ToolContract
from .readers import ARGS

QUESTION = "ask"
"""What a request to a person is named that calls no tool."""

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}")


def collect(
    tools: AnyTool | Iterable[AnyTool], *, contracts: Mapping[str, ContractOptions] | None = None
) -> dict[str, Tool]:
    """Return the tools by name.

    Args:
        tools: Our tools, LangChain's, toolkits and plain functions, with or without a contract, and
            lists of them.
        contracts: Contract fields by tool name, over what the tools say themselves.

    Raises:
        ConfigError: Something is no tool, a name is invalid or taken twice, a contract names
            arguments that the tool does not have, or `contracts` names a tool that does not exist.
    """
    found: dict[str, Tool] = {}
    for tool in each_tool(tools):
        if tool.name in found:
            raise ConfigError("Two tools have this name.", where=tool.name, fix="Rename one.")
        found[tool.name] = tool
    for name, options in (contracts or {}).items():
        owned = find(found, name, error=ConfigError)
        found[name] = dataclasses.replace(
            owned, contract=dataclasses.replace(owned.contract, **options)
        )
    for tool in found.values():
        check_contract(tool.contract)
    return found


def find(
    tools: Mapping[str, Tool],
    name: str,
    *,
    error: type[NotFoundError | ConfigError] = NotFoundError,
) -> Tool:
    """Return a tool.

    Raises:
        NotFoundError: There is none of that name; the message lists those there are.
    """
    if name in tools:
        return tools[name]
    raise error(
        "There is no such tool.",
        where=name[:100],
        fix=f"The tools are: {', '.join(sorted(tools)) or 'none'}.",
    )


def check_contract(contract: ToolContract) -> None:
    """Check that a contract is consistent in itself.

    Raises:
        ConfigError: `where` names the field.
    """
    name = contract.name
    if name == QUESTION:
        raise ConfigError(
            "This name stands for a question to a person.", where=name, fix="Rename the tool."
        )
    if not _NAME.fullmatch(name):
        raise ConfigError(
            "A tool's name starts with a letter and has up to 64 letters, digits, _ and -.",
            where=name[:100] or "tool",
            fix="Rename the tool.",
        )
    check_schema(contract.args_schema, where=f"{name}.args_schema")
    if contract.output_schema is not None:
        check_schema(contract.output_schema, where=f"{name}.output_schema")
    properties = contract.args_schema.get("properties", {})
    for argument in contract.consequential or ():
        _require(argument, properties, where=f"{name}.consequential")
    for argument in contract.recipients or ():
        _require(argument.split(".")[0], properties, where=f"{name}.recipients")
    for path in contract.business_key:
        _require(path.split(".")[0], properties, where=f"{name}.business_key")
    for reader in contract.readers or ():
        if reader.startswith(ARGS):
            path = reader.removeprefix(ARGS)
            _require(path.split(".")[0], properties, where=f"{name}.readers")
    if contract.amount:
        _require(contract.amount.split(".")[0], properties, where=f"{name}.amount")


def _require(argument: str, properties: Mapping[str, object], *, where: str) -> None:
    if argument not in properties:
        raise ConfigError(
            f"The tool has no argument {argument!r}.",
            where=where,
            fix=f"Its arguments are: {', '.join(properties) or 'none'}.",
        )
