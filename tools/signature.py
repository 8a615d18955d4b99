"""A function's parameters as a pydantic model: the schema of its arguments."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo

from ..errors import ArgumentError, ConfigError
from ..state.values import JsonObject
from .contract import ToolCall
from .schema import tidy


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What a function takes: arguments from the plan, and perhaps the call it serves."""

    name: str
    model: type[BaseModel]
    fields: dict[str, str]
    """Parameter name → field of the model."""
    call_parameter: str | None
    schema: JsonObject

    def check(self, args: JsonObject) -> None:
        """Apply what annotations demand beyond the schema (pydantic validators).

        Raises:
            ArgumentError: An argument is refused; `where` names it.
        """
        try:
            self.model.model_validate(args)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            path = ".".join([self.name, *(str(part) for part in first["loc"])])
            raise ArgumentError(first["msg"] + ".", where=path, fix="Give another value.") from None

    def bind(self, args: JsonObject, call: ToolCall) -> dict[str, Any]:
        """Return the keyword arguments of the call, as the types that the annotations name."""
        values = self.model.model_validate(args)
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
    fields: dict[str, Any] = {}
    call_parameter: str | None = None
    for index, parameter in enumerate(inspect.signature(function).parameters.values()):
        annotation = _annotation(parameter, hints, name)
        if annotation is ToolCall:
            call_parameter = parameter.name
            continue
        # Neutral field names: a parameter may be called `schema` or `_id`, a model's field may not.
        fields[f"argument_{index}"] = _field(parameter, annotation, descriptions)
    names = {_alias(definition): field for field, definition in fields.items()}
    try:
        model = create_model(
            name, __config__=ConfigDict(extra="forbid", validate_default=True), **fields
        )
        schema = tidy(model.model_json_schema(by_alias=True))
    except PydanticUserError as error:
        raise ConfigError(
            f"A parameter's type cannot be described in JSON: {error.message.splitlines()[0]}",
            where=name,
            fix="Use JSON types, pydantic models, enums, dates or Literal.",
        ) from error
    schema.setdefault("properties", {})
    return Signature(
        name=name, model=model, fields=names, call_parameter=call_parameter, schema=schema
    )


def _alias(definition: Any) -> str:
    return typing.get_args(definition[0])[-1].alias


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
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise ConfigError(
            "Arguments are passed by name.", where=where, fix="Remove the `/` from the signature."
        )
    if parameter.name not in hints:
        raise ConfigError(
            "The parameter has no annotation.", where=where, fix="Annotate it, e.g. `: str`."
        )
    return hints[parameter.name]


def _field(
    parameter: inspect.Parameter, annotation: Any, descriptions: dict[str, str]
) -> tuple[Any, Any]:
    default = ... if parameter.default is parameter.empty else parameter.default
    info = next(
        (part for part in typing.get_args(annotation)[1:] if isinstance(part, FieldInfo)), None
    )
    description = descriptions.get(parameter.name)
    # A description in the annotation was written for this parameter alone; it wins.
    if description is None or (info is not None and info.description is not None):
        return Annotated[annotation, Field(alias=parameter.name)], default
    return Annotated[annotation, Field(alias=parameter.name, description=description)], default
