"""Arguments, checked strictly against a tool's schema: nothing is coerced, nothing is guessed."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from jsonschema import FormatChecker
from jsonschema.exceptions import ValidationError

from ..errors import ArgumentError, ConfigError, PlanError
from ..state import schemas
from ..state.references import references
from ..state.values import Json, JsonObject
from .causes import said_by
from .contract import CheckArgs, Tool
from .deferred import PlannedValidator, defer
from .formats import FORMATS, TYPED_FORMATS
from .plain import NotJsonError, TooLargeError, is_small, plain_json
from .schema import allowed, closed, fill_defaults, with_defaults_allowed
from .strict import StrictValidator

MAX_ARGS_BYTES = 1_000_000
SMALL_STEPS = 500
"""Keywords evaluated for small arguments before a thread takes over."""


class TooMuchToCheckError(ArgumentError):
    """Deciding whether the arguments fit takes more work than is allowed."""


class Arguments:
    """The argument check of one tool.

    Args:
        tool: The tool's name, for messages.
        schema: JSON Schema (Draft 2020-12) of an object. Fields that it does not name are refused,
            unless it says otherwise itself.
        further: Rules beyond the schema.
        formats: The formats that strings are held to.

    Raises:
        ConfigError: The schema is not valid, or not of an object.
    """

    def __init__(
        self,
        tool: str,
        schema: Json,
        further: CheckArgs | None = None,
        *,
        formats: FormatChecker = FORMATS,
    ) -> None:
        check_schema(schema, where=f"{tool}.args_schema")
        # `True` is a schema too, which takes anything.
        kind = schema.get("type", "object") if isinstance(schema, dict) else "anything"
        if kind != "object":
            raise ConfigError(
                f"The schema is of type {kind!r}.",
                where=f"{tool}.args_schema",
                fix="Arguments are an object: describe one with `properties`.",
            )
        self._tool = tool
        self._formats = formats
        fits = self._fits(closed(schema))
        self._schema = with_defaults_allowed(closed(schema), fits)
        self._further = further
        self._fitting = self._fits(self._schema)
        self._strict = self._validator(StrictValidator, self._schema)
        self._planned = self._validator(PlannedValidator, self._schema)

    @classmethod
    def of(cls, tool: Tool) -> Arguments:
        """Return the argument check of a tool."""
        formats = TYPED_FORMATS if tool.typed else FORMATS
        return cls(tool.name, tool.contract.args_schema, tool.check, formats=formats)

    async def checked(self, args: JsonObject) -> JsonObject:
        """Check without holding up the event loop: what may take long is left to a thread.

        Raises:
            ArgumentError: They do not fit; `where` is the path of the field.
        """
        if is_small(args):
            with suppress(TooMuchToCheckError):
                return self.check(args, steps=SMALL_STEPS)
        return await asyncio.to_thread(self.check, args)

    def check(self, args: JsonObject, *, steps: int = schemas.MAX_STEPS) -> JsonObject:
        """Return the arguments as they are asked about and run: defaults and coercions included.

        Raises:
            ArgumentError: They do not fit; `where` is the path of the field.
        """
        filled = self.filled(args, steps=steps)
        self._refuse_first(self._strict, filled, steps)
        made = self._made_of(filled)
        if made is None or made == filled:
            return filled
        made = self._plain(made)
        self._refuse_first(self._strict, made)
        return made

    def _made_of(self, filled: JsonObject) -> JsonObject | None:
        try:
            return None if self._further is None else self._further(filled)
        except ArgumentError:
            raise
        except Exception as error:
            # Validators are foreign code, and not all of them say no by a ValueError.
            raise ArgumentError(
                f"The check of the arguments failed: {type(error).__name__}: {said_by(error)}",
                where=self._tool,
                fix="Give other values; if none will do, correct the tool's validators.",
            ) from error

    def filled(self, args: JsonObject, *, steps: int = schemas.MAX_STEPS) -> JsonObject:
        """Return the arguments with the defaults that the schema names, unchecked.

        Raises:
            ArgumentError: They are no plain JSON, or too many or too deep.
        """
        return self._filled(self._plain(args), steps)

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
        self._refuse_first(self._planned, fill_defaults(self._schema, deferred, None))

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

    def _fits(self, schema: JsonObject) -> Callable[[Json, Json], bool]:
        """Return a function that says whether a value fits a part of the schema."""
        validator = self._validator(StrictValidator, schema)

        def fits(part: Json, value: Json) -> bool:
            return validator.evolve(schema=part).is_valid(value)

        return fits

    def _validator(self, kind: Any, schema: JsonObject) -> Any:
        return schemas.validator_for(schema, kind, format_checker=self._formats)

    def _filled(self, args: JsonObject, steps: int) -> JsonObject:
        try:
            with schemas.at_most_steps(steps):
                return fill_defaults(self._schema, args, self._fitting)
        except (schemas.TooMuchWorkError, RecursionError):
            raise self._too_much() from None

    def _too_much(self) -> TooMuchToCheckError:
        return TooMuchToCheckError(
            "They are too many or too deep to be checked.", where=self._tool, fix="Give less."
        )

    def _refuse_first(
        self, validator: Any, args: JsonObject, steps: int = schemas.MAX_STEPS
    ) -> None:
        try:
            error = schemas.first_error(validator, args, steps=steps)
        except schemas.TooMuchWorkError:
            raise self._too_much() from None
        if error is not None:
            raise _argument_error(error, self._at, self._tool)

    def _at(self, path: str) -> str:
        return f"{self._tool}.{path}" if path else self._tool


def check_schema(schema: Json, *, where: str, limit: int = schemas.MAX_SCHEMA_BYTES) -> None:
    """Refuse what is not a JSON Schema, and what is not safe to use as one.

    Args:
        schema: The schema.
        where: Where it stands, for the message.
        limit: Most bytes of it.

    Raises:
        ConfigError: `where` names the schema.
    """
    try:
        schemas.check_schema(schema, limit=limit)
    except schemas.SchemaRefusedError as error:
        raise ConfigError(
            str(error), where=where, fix="Correct the schema (Draft 2020-12)."
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
    if error.validator == "dependentRequired":
        beside, missing = _dependent(error)
        return ArgumentError(
            f"This field is required beside {beside}.",
            where=at(_join(path, missing)),
            fix=f"Give {allowed(properties.get(missing, {}))}, or leave out {beside}.",
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


def _dependent(error: ValidationError) -> tuple[str, str]:
    """Return a field that is given, and one that is missing beside it."""
    present = cast("JsonObject", error.instance)
    needed = cast("dict[str, list[str]]", error.validator_value)
    return next(
        (name, other)
        for name, others in needed.items()
        if name in present
        for other in others
        if other not in present and error.message.startswith(repr(other))
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
