"""What a LangChain tool takes: which arguments a plan gives, and how they are validated."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler, BaseCallbackManager, BaseRunManager
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool
from langchain_core.tools import Tool as TextTool
from pydantic import AliasPath, BaseModel, ConfigDict, create_model
from pydantic.errors import PydanticUserError

from ..errors import ConfigError
from ..state.values import JsonObject, canonical_json
from .argument_schema import ArgumentSchema
from .callable import refuse_uncallable
from .canonical import ModelArguments, input_name
from .injected import is_injected
from .schema import tidy

_Parameters = dict[str, tuple[inspect.Parameter, Any]]
_OWN_NAMES = frozenset({"runtime", "config", "callbacks", "run_manager"})


@dataclass(frozen=True, kw_only=True)
class LangChainArguments:
    """The schema of a tool's arguments, and the model that validates them, if there is one."""

    schema: JsonObject
    model: ModelArguments | None = None
    names: tuple[str, ...] = ()
    """The model's fields that the function takes."""
    given: Mapping[str, str] = field(default_factory=dict[str, str])
    """Parameters that LangChain fills: name → `config` or `callbacks`."""

    def bind(self, args: JsonObject) -> dict[str, Any]:
        """Return the keyword arguments, as the types that the model names."""
        if self.model is None:
            return dict(args)
        values = self.model.values(args)
        return {name: getattr(values, name) for name in self.names}


def read_arguments(base_tool: BaseTool, function: Callable[..., Any]) -> LangChainArguments:
    """Read what a tool takes from its model or schema, and from its function.

    Raises:
        ConfigError: The tool needs what only LangGraph's own tool node injects, or a type that
            cannot be described.
    """
    if not isinstance(base_tool, TextTool):
        refuse_uncallable(function, name=base_tool.name)
    parameters = {} if isinstance(base_tool, TextTool) else _parameters(function)
    given = {name: kind for name, (_, hint) in parameters.items() if (kind := _given(hint))}
    declared = base_tool.args_schema
    if isinstance(base_tool, TextTool) and declared is None:
        # What LangChain would infer here is the signature of its own method.
        named = base_tool.args
        return LangChainArguments(
            schema={"type": "object", "properties": named, "required": list(named)}
        )
    if isinstance(declared, dict):
        _refuse_missing(base_tool, parameters, {*declared.get("properties", {}), *given})
        _refuse_swallowed(base_tool, function, declared.get("properties", {}))
        return LangChainArguments(schema=_bare(declared), given=given)
    return _from_model(base_tool, function, parameters, given)


def _from_model(
    base_tool: BaseTool,
    function: Callable[..., Any],
    parameters: _Parameters,
    given: dict[str, str],
) -> LangChainArguments:
    full: Any = base_tool.get_input_schema()
    if not issubclass(full, BaseModel):
        raise ConfigError(
            "Its arguments are a model of pydantic 1.",
            where=f"{base_tool.name}.args_schema",
            fix="Write the model with pydantic 2.",
        )
    hidden = {
        name
        for name, field in full.model_fields.items()
        if is_injected(field.annotation) or any(map(is_injected, field.metadata))
    }
    if full.__module__.startswith("langchain_core."):
        variadic = _variadic(function)
        full = _completed(full, parameters, given, variadic)
        _refuse_unnamed(base_tool, full, variadic)
    _refuse_missing(base_tool, parameters, {*full.model_fields, *given} - hidden)
    hidden &= full.model_fields.keys()
    return LangChainArguments(
        schema=_schema(base_tool, full, hidden),
        model=ModelArguments(base_tool.name, full, frozenset(hidden)),
        names=tuple(name for name in full.model_fields if name not in hidden),
        given=given,
    )


def _parameters(function: Callable[..., Any]) -> _Parameters:
    """Return the named parameters of a function, each with its type."""
    signature = inspect.signature(function)
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError):
        hints = {name: p.annotation for name, p in signature.parameters.items()}
    return {
        name: (parameter, hints.get(name, Any))
        for name, parameter in signature.parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }


def _variadic(function: Callable[..., Any]) -> dict[str, bool]:
    """Return the names of `*args` and `**kwargs`, and whether each takes arguments by name."""
    signature = inspect.signature(function).parameters.values()
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {p.name: p.kind is p.VAR_KEYWORD for p in signature if p.kind in kinds}


def _given(hint: Any) -> str:
    """Return what LangChain gives for a parameter of this type, if anything."""
    if hint is RunnableConfig or RunnableConfig in typing.get_args(hint):
        return "config"
    members = [hint, *typing.get_args(hint)]
    managers = [m for m in members if isinstance(m, type) and issubclass(m, BaseRunManager)]
    if managers:
        return "run_manager"
    listed = [inner for member in members for inner in (member, *typing.get_args(member))]
    kinds = (BaseCallbackManager, BaseCallbackHandler)
    return "callbacks" if any(isinstance(m, type) and issubclass(m, kinds) for m in listed) else ""


def _completed(
    inferred: type[BaseModel],
    parameters: _Parameters,
    given: Mapping[str, str],
    variadic: Mapping[str, bool],
) -> type[BaseModel]:
    """Return the model that LangChain should have inferred from a function.

    It leaves out parameters called `callbacks`, `run_manager`, `args`, `kwargs` or `self`, whatever
    their type, and keeps what is no argument: its own configuration, `*args`, `**kwargs`, and
    names of pydantic's own (`v__args`). A function that takes any name is described by the model
    alone, as a runnable's is.
    """
    known = inferred.model_fields
    missing = {
        name: (hint, ... if parameter.default is parameter.empty else parameter.default)
        for name, (parameter, hint) in parameters.items()
        if name not in known and name not in given and not is_injected(hint)
    }
    wanted = parameters.keys() - given.keys()
    if any(variadic.values()):
        own = {*given, *variadic}
        wanted |= {n for n in known if n.removeprefix("v__") not in own and n not in _OWN_NAMES}
    kept = {name: (field.annotation, field) for name, field in known.items() if name in wanted}
    if len(kept) == len(known) and not missing:
        return inferred
    fields: dict[str, Any] = {**kept, **missing}
    config = ConfigDict(arbitrary_types_allowed=True)
    return create_model(inferred.__name__, __config__=config, **fields)


def _refuse_unnamed(
    base_tool: BaseTool, model: type[BaseModel], variadic: Mapping[str, bool]
) -> None:
    """Refuse a tool whose arguments nobody could name."""
    if variadic and not model.model_fields:
        raise ConfigError(
            "Its function takes *args or **kwargs alone, which no schema describes.",
            where=f"{base_tool.name}.args_schema",
            fix="Name the arguments, or give the tool an args_schema; an empty one if it has none.",
        )


def _refuse_missing(base_tool: BaseTool, parameters: _Parameters, known: set[str]) -> None:
    """Refuse a tool that needs values which only LangGraph's own tool node would inject."""
    for name, (parameter, _) in parameters.items():
        if parameter.default is parameter.empty and name not in known:
            raise ConfigError(
                "The tool needs this argument injected (InjectedToolArg, ToolRuntime, state).",
                where=f"{base_tool.name}.{name}",
                fix="Bind the value before, for example in a closure, or write it with @tool.",
            )


def _refuse_swallowed(
    base_tool: BaseTool, function: Callable[..., Any], properties: JsonObject
) -> None:
    """Refuse an argument that a function with `**arguments` would take for something of its own."""
    signature = inspect.signature(function).parameters.values()
    if not any(p.kind is p.VAR_KEYWORD for p in signature):
        return
    for parameter in signature:
        own = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if own and parameter.name in properties and parameter.name in _OWN_NAMES:
            raise ConfigError(
                "Its function would take this argument for LangChain's own.",
                where=f"{base_tool.name}.{parameter.name}",
                fix="Rename the argument, or load an MCP server with `mcp_tools`.",
            )


def _schema(base_tool: BaseTool, model: type[BaseModel], hidden: set[str]) -> JsonObject:
    for name, info in model.model_fields.items():
        if isinstance(info.validation_alias, AliasPath):
            raise ConfigError(
                "Its alias is a path, which no schema can describe.",
                where=f"{base_tool.name}.{name}",
                fix="Give the field a plain alias.",
            )
        unread = model.model_config.get("validate_by_alias") is False
        if unread and input_name(name, info) != name:
            raise ConfigError(
                "It has an alias, and is not read by it (validate_by_alias).",
                where=f"{base_tool.name}.{name}",
                fix="Remove the alias, or have the model read it.",
            )
    try:
        schema = tidy(model.model_json_schema(schema_generator=ArgumentSchema))
    except PydanticUserError as error:
        raise ConfigError(
            f"An argument cannot be described in JSON: {error.message.splitlines()[0]}",
            where=f"{base_tool.name}.args_schema",
            fix="Use JSON types, pydantic models, enums, dates or Literal.",
        ) from error
    names = {input_name(name, model.model_fields[name]) for name in hidden}
    fields = {k: v for k, v in schema.get("properties", {}).items() if k not in names}
    required = [name for name in schema.get("required", ()) if name not in names]
    return _bare({**schema, "properties": fields, "required": required})


def _bare(schema: JsonObject) -> JsonObject:
    """Return a schema without what the contract says itself, and without unused definitions."""
    bare = {key: value for key, value in schema.items() if key not in ("title", "description")}
    if "$defs" in bare:
        bare["$defs"] = _used(bare)
    return bare


def _used(schema: JsonObject) -> JsonObject:
    defined = schema["$defs"]
    used: set[str] = set()
    waiting: list[Any] = [{key: value for key, value in schema.items() if key != "$defs"}]
    while waiting:
        text = canonical_json(waiting.pop())
        found = {name for name in defined if f'"#/$defs/{name}"' in text} - used
        used |= found
        waiting += [defined[name] for name in found]
    return {name: value for name, value in defined.items() if name in used}
