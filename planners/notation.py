"""The short notation of schemas, read: `{iban: text, tags?: [text]}` as a JSON schema.

It is the notation in which a planner reads what tools take and return, so it can write it too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from ..state.values import Json, JsonObject

_TOKEN = re.compile(
    r"""
        (?P<space>\s+)
      | (?P<text>"(?:[^"\\]|\\.){0,200}"|'[^'"\\]{0,200}')
      | (?P<about>\([^()]*\))
      | (?P<name>any\ name|[A-Za-z_][\w.-]*)
      | (?P<mark>[][{}:,|?])
    """,
    re.VERBOSE,
)
_KINDS = {
    "string": ("text", "string", "str", "date"),
    "number": ("number", "float", "decimal"),
    "integer": ("integer", "int"),
    "boolean": ("boolean", "bool"),
    "null": ("null",),
}
_WORDS = {word: kind for kind, words in _KINDS.items() for word in words}
_QUOTES = ('"', "'")
_DEPTH = 12
LONGEST = 4_000
"""Characters of a schema in this notation."""


class NotationError(ValueError):
    """The text is no schema in this notation; the message says what stands where."""


def read_notation(text: str) -> JsonObject:
    """Return the JSON schema that a text in the notation describes.

    Raises:
        NotationError: It can't be read.
    """
    if len(text) > LONGEST:
        raise NotationError(f"it is longer than {LONGEST} characters")
    reader = _TokenReader(_tokens(text))
    schema = reader.schema(0)
    if reader.next:
        raise NotationError(f"nothing may follow before {reader.next!r}")
    return schema


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotationError(f"{text[at : at + 20].strip()!r} has no meaning here")
        if not match["space"]:
            found.append(match[0])
        at = match.end()
    return found


class _TokenReader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> str:
        """The token that comes; empty at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self.next
        self._at += 1
        return token

    def _expect(self, mark: str) -> None:
        if self.next != mark:
            raise NotationError(f"{mark!r} is missing before {self.next or 'the end'!r}")
        self._at += 1

    def schema(self, depth: int) -> JsonObject:
        """Read one schema with its alternatives and what is said about it."""
        if depth > _DEPTH:
            raise NotationError("it is nested too deeply")
        options = [self._one(depth)]
        while self.next in ("|", "or"):
            self._take()
            options.append(self._one(depth))
        found = _either(options)
        if self.next.startswith("("):
            return {**found, "description": self._take()[1:-1]}
        return found

    def _one(self, depth: int) -> JsonObject:
        match first := self._take():
            case "[":
                items = self.schema(depth + 1)
                self._expect("]")
                return {"type": "array", "items": items}
            case "{":
                return self._object(depth)
            case "list" | "List" if self.next == "[":
                return self._one(depth)
            case "any":
                return {}
            case _ if first.startswith(_QUOTES):
                return {"enum": [_literal(first)]}
            case _ if first in _WORDS:
                return {"type": _WORDS[first]}
            case _:
                known = "text, number, integer, boolean, any, null"
                raise NotationError(f"{first or 'the end'!r} is no kind of value; there is {known}")

    def _object(self, depth: int) -> JsonObject:
        fields: dict[str, Json] = {}
        required: list[Json] = []
        other: Json = False
        while self.next != "}":
            name = self._name()
            if self.next == "?":
                self._take()
            elif name != "any name":
                required.append(name)
            schema = self._field_schema(depth)
            if name == "any name":
                other = schema
            else:
                fields[name] = schema
            if self.next != "}":
                self._expect(",")
        self._take()
        return {
            "type": "object",
            "properties": fields,
            "required": required,
            "additionalProperties": other,
        }

    def _field_schema(self, depth: int) -> JsonObject:
        """Read a field's schema; a field of which nothing is said is a text."""
        if self.next in (",", "}"):
            return {"type": "string"}
        self._expect(":")
        return self.schema(depth + 1)

    def _name(self) -> str:
        token = self._take()
        if token.startswith(_QUOTES):
            return _literal(token)
        if not token or not (token[0].isalpha() or token[0] == "_"):
            raise NotationError(f"a field's name is missing before {token or 'the end'!r}")
        return token


def _literal(token: str) -> str:
    try:
        return token[1:-1] if token.startswith("'") else str(json.loads(token))
    except ValueError as error:
        raise NotationError(f"{token} is no text") from error


def _either(options: Sequence[JsonObject]) -> JsonObject:
    if len(options) == 1:
        return options[0]
    if all("enum" in option for option in options):
        return {"enum": [value for option in options for value in option["enum"]]}
    return {"anyOf": list(options)}
