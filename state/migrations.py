"""Migrations: what an earlier release has stored, brought to the shape of this one.

A version of the schema covers all that outlives a process: the graph's state, what a lane was sent,
and the bodies of rows. A change to any of these shapes raises `SCHEMA_VERSION` and adds a
function here that brings the version before it up by one. It takes and returns plain JSON, changes
nothing in place, and leaves alone what has the new shape already: lanes of this release may have
written beside what an earlier one has left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from pydantic import ValidationError

from ..errors import OperatorError, VersionError
from .values import SCHEMA_VERSION, Json, JsonObject, Record

StoredShape = Literal["state", "lane", "outcome", "note", "row"]
"""`state`: the graph's channels; `lane`: what one lane is sent; `outcome` and `note`: the journal's
rows; `row`: the record that a row of another table holds."""

VERSION_KEY = "schema_version"
UNVERSIONED = 1
"""Version of what carries none: version 1 noted it in the graph's state only."""

R = TypeVar("R", bound=Record)


def _state_2(state: JsonObject) -> JsonObject:
    """Version 2 notes the lease's fence, and who said what as records instead of lines."""
    work: JsonObject = state.get("work") or {}
    if any(isinstance(line, str) for line in work.get("conversation", [])):
        heard = work.get("heard", [])
        said = [_utterance(line, heard) for line in work["conversation"] if isinstance(line, str)]
        state = {**state, "work": {**work, "conversation": said}}
    return {"fence": 0, **state}


def _utterance(line: str, heard: list[str]) -> JsonObject:
    speaker, _, text = line.partition(": ")
    if speaker != "assistant":
        return {"speaker": "user", "text": text}
    return {"speaker": speaker, "text": text, "sources": heard}


def _state_3(state: JsonObject) -> JsonObject:
    """Version 3 tells a step that could not run from one that a condition left out."""
    results: JsonObject = state.get("results") or {}
    if not any(_could_not_run(result) for result in results.values()):
        return state
    brought_up = {
        key: _blocked(result) if _could_not_run(result) else result
        for key, result in results.items()
    }
    return {**state, "results": brought_up}


def by_name(stored: JsonObject | list[JsonObject]) -> JsonObject:
    """Return what a thread remembers by its names; up to version 3 of the schema it was a list."""
    if isinstance(stored, list):
        return {item["step"]["id"]: item for item in stored}
    return dict(stored)


def _state_4(state: JsonObject) -> JsonObject:
    """Version 4 remembers results by name, so that a turn writes only what it has brought."""
    return {**state, "remembered": by_name(state.get("remembered") or {})}


def _blocked(result: JsonObject) -> JsonObject:
    return {**result, "status": "blocked", "failure": {**result["failure"], "kind": "blocked"}}


def _could_not_run(result: JsonObject) -> bool:
    failure: JsonObject = result.get("failure") or {}
    return result["status"] == "skipped" and failure.get("kind") == "skipped"


MIGRATIONS: Mapping[StoredShape, Mapping[int, Callable[[JsonObject], JsonObject]]] = {
    "state": {1: _state_2, 2: _state_3, 3: _state_4},
    "lane": {},
    "outcome": {},
    "note": {},
    "row": {},
}
"""Shape → version → what brings it to the next one; a shape that did not change has none."""


def migrated(shape: StoredShape, value: Mapping[str, Any], *, where: str = "") -> Mapping[str, Any]:
    """Return a stored value in this release's shape; one that has it already is returned as it is.

    Raises:
        VersionError: A newer release has stored it.
        OperatorError: Its version is none, or it was damaged.
    """
    noted: Json = object_in(value, where=where or f"stored {shape}").get(VERSION_KEY)
    version = UNVERSIONED if noted is None else noted
    if type(version) is not int or version < 1:
        raise OperatorError(
            f"Its {VERSION_KEY} is {version!r:.40}, which is no version of the schema: those are "
            f"whole numbers from 1; this release reads versions up to {SCHEMA_VERSION}.",
            where=where or f"stored {shape}",
            fix="Nothing was changed. Put back the state as a release has written it.",
        )
    if version == SCHEMA_VERSION:
        return value
    if version > SCHEMA_VERSION:
        raise VersionError(
            f"It is stored in version {version} of the schema; this release reads versions up to "
            f"{SCHEMA_VERSION}.",
            where=where or f"stored {shape}",
            fix="Nothing was changed. Go on with the release that has written it, or a newer one.",
        )
    try:
        brought_up = _brought_up(shape, dict(value), version)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise OperatorError(
            f"It is stored in version {version} of the schema and does not have that version's "
            f"shape: {type(error).__name__} while it was brought up to version {SCHEMA_VERSION}.",
            where=where or f"stored {shape}",
            fix="Nothing was changed. Put back the state as a release has written it.",
        ) from error
    return {**brought_up, VERSION_KEY: SCHEMA_VERSION}


def _brought_up(shape: StoredShape, value: JsonObject, version: int) -> JsonObject:
    for step in range(version, SCHEMA_VERSION):
        if migrate := MIGRATIONS[shape].get(step):
            value = migrate(value)
    return value


def stamped(body: JsonObject) -> JsonObject:
    """Return the body of a row with the version of its shape."""
    return {**body, VERSION_KEY: SCHEMA_VERSION}


def unstamped(shape: StoredShape, body: JsonObject, *, where: str) -> JsonObject:
    """Return the body of a row in this release's shape, without its version.

    Raises:
        VersionError: A newer release has stored it.
        OperatorError: It was damaged.
    """
    current = migrated(shape, body, where=where)
    return {key: value for key, value in current.items() if key != VERSION_KEY}


def object_in(value: Any, *, where: str) -> Mapping[str, Any]:
    """Return a stored value that must be an object.

    Raises:
        OperatorError: It is none.
    """
    if not isinstance(value, Mapping):
        raise not_stored_so(where, "an object", value)
    return value


def not_stored_so(where: str, what: str, value: Json) -> OperatorError:
    """Return the error for a part of a state that has another form than releases write."""
    return OperatorError(
        f"It is {type(value).__name__} {value!r:.40} and no {what.split()[-1]}: releases write "
        f"{what} there.",
        where=where,
        fix="Nothing was changed. Put back the state as a release has written it.",
    )


def read_stored(kind: type[R], value: Json, *, where: str = "") -> R:
    """Read a record of the state or of the journal.

    Raises:
        OperatorError: It does not have this release's shape; it names the field.
    """
    try:
        return kind.from_json(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        field = f"`{path}`" if path else "the whole of it"
        unknown = first["type"] == "extra_forbidden"
        problem = "a field that this release does not know" if unknown else first["msg"]
        raise OperatorError(
            f"The stored {kind.__name__} cannot be read: {field}: {problem}. This release reads "
            f"versions of the schema up to {SCHEMA_VERSION}.",
            where=where,
            fix="Nothing was changed. Go on with the release that has written it, or mend what was "
            "edited by hand.",
        ) from error
