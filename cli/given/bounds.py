"""Options that say which calls a person allows, by themselves or with an approval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from ...errors import DecisionError
from ...state.endorsement import EndorseFor
from ...state.grant import BoundKind
from ...state.json_text import json_in
from ...state.values import Json, JsonObject

Bound = Annotated[
    list[str] | None, typer.Option(metavar="ARG=VALUE", help="ARG:=VALUE for a number or JSON.")
]
AnyArguments = Annotated[
    bool, typer.Option("--any-arguments", help="Set no bound on the arguments.")
]

GivenBounds = Mapping[BoundKind, Sequence[str]]
"""Kind of bound → what its options say."""


def given_bounds(
    equal: Sequence[str] | None,
    one_of: Sequence[str] | None,
    at_most: Sequence[str] | None,
    prefix: Sequence[str] | None,
) -> GivenBounds:
    """Return what the options of bounds say."""
    return {
        "equal": equal or (),
        "one_of": one_of or (),
        "at_most": at_most or (),
        "prefix": prefix or (),
    }


def read_pairs(given: GivenBounds) -> list[tuple[BoundKind, str, Json]]:
    """Read `argument=text` and `argument:=json`; the values of one argument's `one_of` go together.

    Raises:
        DecisionError: One has another form; `where` names it.
    """
    found: list[tuple[BoundKind, str, Json]] = []
    for kind, texts in given.items():
        values: dict[str, list[Json]] = {}
        for text in texts:
            name, value = _pair(kind, text)
            values.setdefault(name, []).append(value)
        for name, several in values.items():
            listed: list[Json] = [several] if kind == "one_of" else several
            found.extend((kind, name, one) for one in listed)
    return found


def granted_with(
    given: GivenBounds,
    *,
    uses: int | None,
    days: float | None,
    scope: EndorseFor | None,
    unbounded: bool,
) -> JsonObject:
    """Return what is said of a grant as a decision says it; nothing, if no option speaks of one.

    Raises:
        DecisionError: A bound has another form, or one argument has two of a kind.
    """
    said: JsonObject = {}
    for kind, name, value in read_pairs(given):
        bounds: JsonObject = said.setdefault(kind, {})
        if name in bounds:
            raise DecisionError(
                "It is bound twice.", where=f"{kind} {name}", fix="Say it once, or use --one-of."
            )
        bounds[name] = value
    options = {
        "any_arguments": unbounded or None,
        "uses": uses,
        "expires_seconds": None if days is None else days * 86_400,
        "for": scope,
    }
    said |= {name: value for name, value in options.items() if value is not None}
    return {"grant": said} if said else {}


def _pair(kind: BoundKind, text: str) -> tuple[str, Json]:
    name, separator, value = text.partition("=")
    if not separator:
        raise DecisionError("It has no value.", where=f"{kind} {text}", fix="Write argument=value.")
    if not name.endswith(":") and kind != "at_most":
        return name, value
    name = name.removesuffix(":")
    try:
        return name, json_in(value, strict=True)
    except ValueError as error:
        raise DecisionError(
            f"{value!r} is no JSON value: {error}.", where=f"{kind} {name}", fix="Correct it."
        ) from None
