"""A function's parameters as a pydantic model: the schema of its arguments."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, create_model
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo

from ..errors import ConfigError
from ..state.values import JsonObject
from .argument_schema import ArgumentSchema
from .callable import refuse_uncallable
from .canonical import ModelArguments, input_name
from .contract import ToolCall
from .injected import is_filled
from .returned import returned_schema
from .schema import tidy


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What a function takes: arguments from the plan, and perhaps the call it serves."""

    arguments: ModelArguments
    fields: dict[str, str]
    """Parameter name → field of the model."""
    call_parameter: str | None
    schema: JsonObject
    returns: JsonObject | None
    """Schema of the output, as far as its annotation tells."""

    def check(self, args: JsonObject) -> JsonObject:
        """Return the arguments as the annotations make them. Raises `ArgumentError`."""
        return self.arguments.check(args)

    def bind(self, args: JsonObject, call: ToolCall) -> dict[str, Any]:
        """Return the keyword arguments of the call, as the types that the annotations name."""
        values = self.arguments.values(args)
        bound = {name: getattr(values, field) for name, field in self.fields.items()}
        return bound if self.call_parameter is None else {**bound, self.call_parameter: call}


def read_signature(
    function: Callable[..., Any], *, name: str, descriptions: dict[str, str]
) -> Signature:
    """Turn a function's annotated parameters into a schema.

    Raises:
        ConfigError: A parameter has no annotation, or one that JSON cannot express.
    """
    hints = _hints(function, name)
    refuse_uncallable(function, name=name)
    parameters = dict(inspect.signature(function).parameters)
    annotations = {key: _annotation(p, hints, name) for key, p in parameters.items()}
    call_parameter = next((key for key, a in annotations.items() if a is ToolCall), None)
    # Neutral field names: a parameter may be called `schema` or `_id`, a model's field may not.
    fields = {key: f"argument_{i}" for i, key in enumerate(parameters) if key != call_parameter}
    definitions: dict[str, Any] = {
        field: _field(parameters[key], annotations[key], descriptions.get(key))
        for key, field in fields.items()
    }
    try:
        model = create_model(name, __config__=ConfigDict(extra="forbid"), **definitions)
        schema = tidy(model.model_json_schema(schema_generator=ArgumentSchema))
    except PydanticUserError as error:
        raise ConfigError(
            f"A parameter's type cannot be described in JSON: {error.message.splitlines()[0]}",
            where=name,
            fix="Use JSON types, pydantic models, enums, dates or Literal.",
        ) from error
    schema.setdefault("properties", {})
    return Signature(
        arguments=ModelArguments(name, model),
        fields=fields,
        call_parameter=call_parameter,
        schema=schema,
        returns=returned_schema(hints.get("return", Any)),
    )


def _hints(function: Callable[..., Any], name: str) -> dict[str, Any]:
    if not inspect.isroutine(function):
        raise ConfigError(
            f"A {type(function).__name__} has no annotations to read.",
            where=name,
            fix="Decorate a function or a method.",
        )
    try:
        return typing.get_type_hints(function, localns=_closure(function), include_extras=True)
    except NameError as error:
        raise ConfigError(
            f"The annotation {error.name!r} is not known where the function is defined.",
            where=name,
            fix="Define or import the type at module level.",
        ) from error


def _closure(function: Callable[..., Any]) -> dict[str, Any]:
    """Types of an enclosing function are visible only through the closure."""
    inner = inspect.unwrap(getattr(function, "__func__", function))
    names = inner.__code__.co_freevars if inspect.isfunction(inner) else ()
    found: dict[str, Any] = {}
    for name, cell in zip(names, getattr(inner, "__closure__", None) or (), strict=True):
        with suppress(ValueError):  # the enclosing function has not assigned it yet
            found[name] = cell.cell_contents
    return found


def _annotation(parameter: inspect.Parameter, hints: dict[str, Any], name: str) -> Any:
    where = f"{name}.{parameter.name}"
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise ConfigError(
            "A tool cannot take a variable number of arguments.",
            where=where,
            fix="Name each parameter.",
        )
    if parameter.name not in hints:
        raise ConfigError(
            "The parameter has no annotation.", where=where, fix="Annotate it, e.g. `: str`."
        )
    if is_filled(hints[parameter.name]):
        raise ConfigError(
            "Only LangChain fills this parameter, and a plan must not.",
            where=where,
            fix="Decorate the function with LangChain's own `tool`, or take `call: ToolCall`.",
        )
    return hints[parameter.name]


def _field(
    parameter: inspect.Parameter, annotation: Any, description: str | None
) -> tuple[Any, Any]:
    default = ... if parameter.default is parameter.empty else parameter.default
    infos = [part for part in (*_metadata(annotation), default) if isinstance(part, FieldInfo)]
    # A description in the annotation was written for this parameter alone; it wins.
    described = next((info.description for info in infos if info.description), description)
    given = {input_name("", info) for info in infos} - {""}
    field: Any = Field(
        alias=next(iter(given), parameter.name),
        description=described,
        validate_default=_fits(annotation, default) or None,
    )
    return Annotated[annotation, field], default


def _metadata(annotation: Any) -> tuple[Any, ...]:
    return typing.get_args(annotation)[1:] if typing.get_origin(annotation) is Annotated else ()


def _fits(annotation: Any, default: Any) -> bool:
    """Whether a default passes for what the annotation says; then it is read as that, too."""
    if default is ... or isinstance(default, FieldInfo):
        return default is not ...
    try:
        TypeAdapter(annotation).validate_python(default)
    except Exception:  # noqa: BLE001 - a validator is foreign code, and not made for every default
        return False
    return True
