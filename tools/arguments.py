"""Arguments, checked strictly against a tool's schema: nothing is coerced, nothing is guessed."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match

from ..errors import ArgumentError, ConfigError, PlanError
from ..state.references import references
from ..state.values import Json, JsonObject
from .deferred import PlannedValidator, defer
from .formats import FORMATS
from .plain import NotJsonError, TooLargeError, plain_json
from .schema import allowed, closed, fill_defaults
from .strict import StrictValidator

MAX_ARGS_BYTES = 1_000_000


class Arguments:
    """The argument check of one tool.

    Args:
        tool: The tool's name, for messages.
        schema: JSON Schema (Draft 2020-12) of an object. Fields that it does not name are refused,
            unless it says otherwise itself.
        further: Rules beyond the schema.

    Raises:
        ConfigError: The schema is not valid, or not of an object.
    """

    def __init__(
        self, tool: str, schema: JsonObject, further: Callable[[JsonObject], None] | None = None
    ) -> None:
        check_schema(schema, where=f"{tool}.args_schema")
        if schema.get("type", "object") != "object":
            raise ConfigError(
                f"The schema is of type {schema['type']!r}.",
                where=f"{tool}.args_schema",
                fix="Arguments are an object: describe one with `properties`.",
            )
        self._tool = tool
        self._schema = closed(schema)
        self._further = further
        self._strict = StrictValidator(self._schema, format_checker=FORMATS)
        self._planned = PlannedValidator(self._schema, format_checker=FORMATS)

    def check(self, args: JsonObject) -> JsonObject:
        """Return a copy of the arguments with defaults filled in.

        Raises:
            ArgumentError: They do not fit; `where` is the path of the field.
        """
        copied = fill_defaults(self._schema, self._plain(args), root=self._schema)
        self._refuse_first(self._strict, copied)
        if self._further is not None:
            self._further(copied)
        return copied

    def check_planned(self, args: JsonObject) -> None:
        """Check arguments that still hold references, as far as that is possible.

        A value by reference fits anywhere; one put together by `$join` or taken from an attachment
        is text, and must stand where text is allowed.

        Raises:
            ArgumentError: What is there already does not fit.
        """
        copied = self._plain(args)
        try:
            found = tuple(references(copied))
        except PlanError as error:
            raise ArgumentError(
                error.message, where=self._at(error.where), fix=error.fix
            ) from error
        if any(not reference.at for reference in found):
            raise ArgumentError(
                "The arguments as a whole are a reference.",
                where=self._tool,
                fix="Give an object whose fields are values or references.",
            )
        deferred = cast("JsonObject", defer(copied))
        self._refuse_first(self._planned, fill_defaults(self._schema, deferred, root=self._schema))

    def _plain(self, args: Any) -> JsonObject:
        try:
            copied, _ = plain_json(args, limit=MAX_ARGS_BYTES)
        except (NotJsonError, TooLargeError) as error:
            raise ArgumentError(
                f"The arguments are not usable: {error}",
                where=self._tool,
                fix=f"Give plain JSON of at most {MAX_ARGS_BYTES} bytes.",
            ) from error
        if not isinstance(copied, dict):
            raise ArgumentError(
                f"The arguments are a {type(copied).__name__}.",
                where=self._tool,
                fix="Give an object with one field for each argument.",
            )
        return copied

    def _refuse_first(self, validator: Any, args: JsonObject) -> None:
        error = cast("ValidationError | None", best_match(validator.iter_errors(args)))
        if error is not None:
            raise _argument_error(error, self._at, self._tool)

    def _at(self, path: str) -> str:
        return f"{self._tool}.{path}" if path else self._tool


def check_schema(schema: JsonObject, *, where: str) -> None:
    """Refuse what is not a JSON Schema.

    Raises:
        ConfigError: `where` names the schema.
    """
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ConfigError(
            f"This is not a valid JSON Schema: {error.message[:300]}",
            where=where,
            fix="Correct the schema (Draft 2020-12).",
        ) from error


def _argument_error(error: ValidationError, at: Callable[[str], str], tool: str) -> ArgumentError:
    path = ".".join(str(part) for part in error.absolute_path)
    schema = error.schema if isinstance(error.schema, dict) else {}
    properties: JsonObject = schema.get("properties", {})
    if error.validator == "required":
        missing = _missing(error)
        return ArgumentError(
            "This field is required.",
            where=at(_join(path, missing)),
            fix=f"Give {allowed(properties.get(missing, {}))}.",
        )
    if error.validator == "additionalProperties" and (unknown := _unknown(error, properties)):
        return ArgumentError(
            f"{tool} has no such argument.",
            where=at(_join(path, unknown)),
            fix=_closest(unknown, list(properties)),
        )
    return ArgumentError(
        f"{_shown(error.instance)} does not fit.", where=at(path), fix=f"Give {allowed(schema)}."
    )


def _missing(error: ValidationError) -> str:
    present = error.instance if isinstance(error.instance, dict) else {}
    names = cast("list[str]", error.validator_value)
    # One error is raised for each missing name; its message starts with the name's repr.
    return next(
        name for name in names if name not in present and error.message.startswith(repr(name))
    )


def _unknown(error: ValidationError, properties: JsonObject) -> str:
    instance = cast("JsonObject", error.instance)
    return next((key for key in instance if key not in properties), "")


def _closest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {close[0]}? " if close else ""
    return f"{hint}There is {', '.join(known) or 'no argument at all'}."


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shown(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}…"
