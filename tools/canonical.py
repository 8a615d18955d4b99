"""Validated arguments in the one JSON form that policy, digest, approver and tool all see."""

from __future__ import annotations

import base64
import dataclasses
import math
import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from pydantic import AliasChoices, AliasPath, BaseModel, RootModel, Secret, SecretBytes, SecretStr
from pydantic import ValidationError as Invalid
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError, to_jsonable_python

from ..errors import ArgumentError, NothingHappenedError
from ..state.json_text import json_in
from ..state.provenance import leaves
from ..state.values import Json, JsonObject, canonical_json
from .causes import said_by

_ABSENT = object()
_ROUNDS = 3
_STRAY = re.compile("[\udc80-\udcff]")
_URL_SAFE = str.maketrans("-_", "+/")


class UnwritableError(Exception):
    """A validated value that has no JSON form from which it could be read again."""


class ModelArguments:
    """The arguments of a tool whose parameters are the fields of a pydantic model.

    Args:
        tool: The tool's name, for messages.
        model: The model; its validators are foreign code.
        hidden: Fields that somebody else sets: never written, and left to their defaults.
    """

    def __init__(
        self, tool: str, model: type[BaseModel], hidden: frozenset[str] = frozenset()
    ) -> None:
        self._tool = tool
        self._model = model
        self._hidden = hidden

    def read(self, args: JsonObject) -> BaseModel:
        """Return the arguments as the types that the model names.

        A value that equals the default is taken as the default, even where the model itself would
        refuse it (`category: str = None`): it was filled in for everybody to see.

        Raises:
            pydantic.ValidationError: They do not fit.
        """
        try:
            return self._validated(args)
        except Exception as error:
            if (values := self._read_lean(args, self._refused(args, error))) is None:
                raise
            return values

    def values(self, args: JsonObject) -> BaseModel:
        """Return what `read` does, for a call that is about to be made.

        Raises:
            NothingHappenedError: They are refused now, or their validators failed.
        """
        try:
            return self.read(args)
        except Exception as error:
            raise NothingHappenedError(
                f"It was not called, because its arguments could not be read: {_words(error)}",
                where=self._tool,
            ) from error

    def _refused(self, args: JsonObject, error: Exception) -> list[tuple[str | int, ...]]:
        """Return the places of what was refused; where a validator failed, of all defaults."""
        if isinstance(error, Invalid):
            return [place for e in error.errors(include_url=False) if (place := _at(args, e))]
        fields = self._model.model_fields.items()
        named = {input_name(name, field): field.default for name, field in fields}
        return [(k,) for k, value in args.items() if k in named and _is_written(named[k], value)]

    def _validated(self, args: Json) -> BaseModel:
        try:
            return self._model.model_validate(args)
        except Invalid as error:
            # Arguments are JSON: a strict type reads a date from text there, and nowhere else.
            try:
                return self._model.model_validate_json(canonical_json(args))
            except Exception:  # noqa: BLE001 - foreign code, too; what it said first is told
                raise error from None

    def _read_lean(
        self, args: JsonObject, places: Sequence[tuple[str | int, ...]]
    ) -> BaseModel | None:
        """Read without the values that are refused, if their absence gives just these values."""
        lean = _without(args, places)
        try:
            values = None if lean == args else self._validated(lean)
        except Exception:  # noqa: BLE001 - foreign code, too; what it said first is told
            return None
        if values is None:
            return None
        made = self._written(values)
        return values if all(_found(made, p) == _found(args, p) for p in places) else None

    def check(self, args: JsonObject) -> JsonObject:
        """Return the arguments as validation made them: coerced, with every default written out.

        Raises:
            ArgumentError: They are refused, or reading the result again would change it.
        """
        made = self._written(self._checked(args))
        form: JsonObject = _settled(args, made)
        for _ in range(_ROUNDS):
            again, form = self._again(args, form)
            if again == made:
                return form
            # A default that was never validated is coerced once it is written out.
            made, form = again, _settled(form, again)
        raise ArgumentError(
            "Validation changes the values each time, so nobody could approve them.",
            where=self._tool,
            fix="Make the validators idempotent, or change the value inside the tool.",
        )

    def _again(self, args: JsonObject, form: JsonObject) -> tuple[JsonObject, JsonObject]:
        """Read what was written, and return what comes out and what was read."""
        try:
            return self._written(self.read(form)), form
        except Invalid as error:
            places = [_at(form, e) for e in error.errors(include_url=False)]
            form = self._as_given(args, form, _outermost(places))
            return self._written(self._checked(form)), form

    def _as_given(
        self, args: JsonObject, form: JsonObject, places: Iterable[tuple[str | int, ...]]
    ) -> JsonObject:
        """Return the form with what is not read from what it becomes in the way it was given.

        That is a text that holds JSON (`Json`), or a field under another name than its own. Nothing
        but the way of writing may differ: what validation changed inside must be seen.

        Raises:
            ArgumentError: It does.
        """
        for place in places:
            given, made = _found(args, place), _found(form, place)
            if isinstance(given, str) and not isinstance(made, str):
                given = given if _is_json_of(given, made) else canonical_json(made)
            elif _leaves(given) != _leaves(made):
                raise ArgumentError(
                    "Validation changes it into what it does not read itself, so nobody could "
                    "approve it.",
                    where=".".join([self._tool, *map(str, place)]),
                    fix="Have the type read what it is written as, under the same names.",
                )
            form = _replaced(form, place, given)
        return form

    def _checked(self, args: JsonObject) -> BaseModel:
        try:
            return self.read(args)
        except Invalid as error:
            path = ".".join([self._tool, *map(str, error.errors(include_url=False)[0]["loc"])])
            raise ArgumentError(_words(error), where=path, fix="Give another value.") from None

    def _written(self, values: BaseModel) -> JsonObject:
        made = written(values)
        # What cannot be written (a default that is an object of the program) is left out, and
        # so are the hidden fields: reading gives them their defaults again.
        fields = self._model.model_fields
        hidden = {input_name(name, fields[name]) for name in self._hidden}
        return {name: value for name, value in made.items() if name not in hidden}


def _is_written(value: Any, as_json: Json) -> bool:
    try:
        return written(value) == as_json
    except UnwritableError:
        return False


def _words(error: Exception) -> str:
    """Return why arguments were refused, without the values, in one sentence."""
    if isinstance(error, Invalid):
        return f"{error.errors(include_url=False)[0]['msg']}."
    return f"{type(error).__name__}: {said_by(error)}"


def input_name(name: str, field: FieldInfo) -> str:
    """Return the name under which a field is given: its alias for validation, if it has one."""
    match field.validation_alias:
        case str() as alias:
            return alias
        case AliasChoices(choices=choices):
            return next((choice for choice in choices if isinstance(choice, str)), name)
        case AliasPath() | None:
            return name


def written(value: Any) -> Json:
    """Write a validated value as the JSON from which it would be read.

    A serializer says how a value is shown to others, under other names; so it is not asked.

    Raises:
        UnwritableError: There is no such JSON.
    """
    match value:
        case Enum():
            return written(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return _finite(value)
        case SecretStr() | SecretBytes() | Secret():
            return written(value.get_secret_value())
        case bytes():
            # What is no text keeps its bytes apart; only as base64 it can have been given.
            return value.decode("utf-8", "surrogateescape")
        case RootModel():
            return written(value.root)
        case BaseModel():
            return _written_model(value)
        case Mapping():
            return {str(written(key)): written(item) for key, item in value.items()}
        case set() | frozenset():
            return sorted(map(written, value), key=canonical_json)
        case list() | tuple() | deque():
            return [written(item) for item in value]
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return _written_dataclass(value)
        case _:
            return _written_leaf(value)


def _written_leaf(value: Any) -> Json:
    try:
        return to_jsonable_python(value)
    except (PydanticSerializationError, ValueError) as error:
        raise UnwritableError(str(error)) from None


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise UnwritableError(f"{value} is no JSON number.")
    return value


def _written_model(model: BaseModel) -> JsonObject:
    made: JsonObject = {}
    for name, field in type(model).model_fields.items():
        value, given = getattr(model, name), name in model.model_fields_set
        if not given and isinstance(value, SecretStr | SecretBytes | Secret):
            continue  # nobody who plans or approves may read it, and it comes back by itself
        try:
            item = written(value)
        except UnwritableError:
            if given:
                raise
            continue
        if given or not _is_no_text(item):
            made[input_name(name, field)] = item
    return {**made, **{name: written(item) for name, item in (model.model_extra or {}).items()}}


def _is_no_text(item: Json) -> bool:
    """Whether bytes that are no text stand in a written value."""
    return any(isinstance(leaf, str) and _STRAY.search(leaf) for _, leaf in leaves(item, ""))


def _init_only(value: Any) -> list[str]:
    """Return what a dataclass was made with and does not hold: nobody could read it of it."""
    kept = {field.name for field in dataclasses.fields(value)}
    declared: Mapping[str, dataclasses.Field[Any]] = value.__dataclass_fields__
    # What is declared and no field is an InitVar or a ClassVar, and Python does not export which.
    return [n for n, f in declared.items() if n not in kept and "ClassVar" not in str(f.type)]


def _written_dataclass(value: Any) -> JsonObject:
    if gone := _init_only(value):
        raise UnwritableError(f"{type(value).__name__} does not keep {gone[0]!r} (an InitVar).")
    # Pydantic's own dataclasses take aliases; what is no parameter follows from the rest.
    known: Mapping[str, FieldInfo] = getattr(value, "__pydantic_fields__", {})
    return {
        input_name(f.name, known[f.name]) if f.name in known else f.name: written(
            getattr(value, f.name)
        )
        for f in dataclasses.fields(value)
        if f.init and not _is_secret_default(f, value)
    }


def _is_secret_default(field: dataclasses.Field[Any], value: Any) -> bool:
    default = field.default
    secret = isinstance(default, SecretStr | SecretBytes | Secret)
    return secret and getattr(value, field.name) == default


def _settled(given: Json, made: Json) -> Json:
    """Return what validation made, where that is only written otherwise as it was given.

    20 does not become "20.0", and what was given in base64 is not shown decoded, as which it would
    not be read.
    """
    if isinstance(given, dict) and isinstance(made, dict):
        return {k: _settled(given[k], v) if k in given else v for k, v in made.items()}
    if isinstance(given, list) and isinstance(made, list) and len(given) == len(made):
        return [_settled(*pair) for pair in zip(given, made, strict=True)]
    return given if _same_number(given, made) or _is_base64_of(given, made) else made


def _same_number(given: Json, made: Json) -> bool:
    if isinstance(given, bool) or not isinstance(given, int | float) or isinstance(made, bool):
        return False
    try:
        return Decimal(str(given)) == Decimal(str(made))
    except InvalidOperation:
        return False


def _is_base64_of(given: Json, made: Json) -> bool:
    if not isinstance(given, str) or not isinstance(made, str) or not made:
        return False
    text = "".join(given.split()).translate(_URL_SAFE)
    try:
        return base64.b64decode(text, validate=True) == made.encode(errors="surrogateescape")
    except ValueError:  # half a character, too
        return False


def _at(args: Json, error: Mapping[str, Any]) -> tuple[str | int, ...]:
    """Return the path of an error in the arguments; pydantic's own names members of unions, too."""
    path: list[str | int] = []
    for part in error["loc"]:
        if (isinstance(args, dict) and part in args) or (
            isinstance(args, list) and isinstance(part, int) and part < len(args)
        ):
            path.append(part)
            args = args[part]
    return tuple(path)


def _found(value: Json, path: Iterable[str | int]) -> Json:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return value


def _outermost(places: Iterable[tuple[str | int, ...]]) -> list[tuple[str | int, ...]]:
    found: list[tuple[str | int, ...]] = []
    for place in sorted(set(places), key=len):
        if not any(place[: len(outer)] == outer for outer in found):
            found.append(place)
    return found


def _replaced(value: Json, path: tuple[str | int, ...], new: Json) -> Json:
    if not path:
        return new
    head, rest = path[0], path[1:]
    if isinstance(value, list):
        return [_replaced(v, rest, new) if i == head else v for i, v in enumerate(value)]
    return {**value, head: _replaced(value.get(head), rest, new)}


def _is_json_of(text: str, value: Json) -> bool:
    try:
        return canonical_json(json_in(text)) == canonical_json(value)
    except ValueError:
        return False


def _leaves(value: Json) -> Any:
    """Return what stands in a value, whatever the names around it; `_ABSENT` for nothing."""
    if value is _ABSENT:
        return _ABSENT
    return sorted(canonical_json(leaf) for _, leaf in leaves(value, ""))


def _without(args: Json, places: Iterable[tuple[str | int, ...]]) -> Json:
    heads: dict[str | int, list[tuple[str | int, ...]]] = {}
    for head, *rest in places:
        heads.setdefault(head, []).append(tuple(rest))
    if isinstance(args, list):
        return [_without(v, filter(None, heads.get(i, ()))) for i, v in enumerate(args)]
    if not isinstance(args, dict):
        return args
    return {
        key: _without(item, filter(None, heads.get(key, ())))
        for key, item in args.items()
        if () not in heads.get(key, ())
    }
