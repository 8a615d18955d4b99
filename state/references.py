"""References: how a step's arguments name values that do not exist yet.

    {"$from": "s1", "path": "order.total"}       the value at a path in the output of step s1
    {"$join": ["Order ", {"$from": …}, "."]}     text put together from parts
    {"$attachment": "invoice.txt"}               the text of an attachment

A path is dot-separated; a number is a list index, and negative numbers count from the end. An
empty path is the whole output. Literal objects with a key that starts with `$` do not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydantic import BaseModel

from ..errors import PlanError
from .values import Json, JsonObject, canonical_json

REFERENCE_KEYS = ({"$from"}, {"$from", "path"}, {"$join"}, {"$attachment"})


class Reference(BaseModel, frozen=True):
    """One use of an earlier value."""

    at: str
    """Where in the arguments it stands: `amount`, `items.0.id`."""
    step: str = ""
    path: str = ""
    attachment: str = ""


def _is_reference(value: Json) -> bool:
    return isinstance(value, dict) and any(str(key).startswith("$") for key in value)


def references(value: Json, at: str = "") -> Iterator[Reference]:
    """Yield every reference in `value`, depth first.

    Raises:
        PlanError: An object uses a `$` key in a form that does not exist.
    """
    if isinstance(value, dict):
        if not _is_reference(value):
            for key, item in value.items():
                yield from references(item, f"{at}.{key}" if at else str(key))
            return
        _check_form(value, at)
        if "$from" in value:
            yield Reference(at=at, step=value["$from"], path=value.get("path", ""))
        elif "$attachment" in value:
            yield Reference(at=at, attachment=value["$attachment"])
        else:
            for part in value["$join"]:
                yield from references(part, at)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from references(item, f"{at}.{index}" if at else str(index))


def _check_form(value: JsonObject, at: str) -> None:
    keys = set(value)
    well_formed = keys in REFERENCE_KEYS and (
        isinstance(value["$join"], list)
        if "$join" in value
        else all(isinstance(part, str) for part in value.values())
    )
    if not well_formed:
        raise PlanError(
            f"{canonical_json(value)[:200]} is not a reference.",
            where=at,
            fix='Use {"$from": step, "path": "a.b"}, {"$join": [parts]} or {"$attachment": name}.',
        )


def resolve(value: Json, lookup: Callable[[Reference], Json], at: str = "") -> Json:
    """Return `value` with every reference replaced by what `lookup` finds for it."""
    if isinstance(value, list):
        return [
            resolve(item, lookup, f"{at}.{i}" if at else str(i)) for i, item in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    if not _is_reference(value):
        return {
            key: resolve(item, lookup, f"{at}.{key}" if at else str(key))
            for key, item in value.items()
        }
    if "$join" in value:
        return "".join(as_text(resolve(part, lookup, at)) for part in value["$join"])
    [reference] = references(value, at)
    return lookup(reference)


def as_text(value: Json) -> str:
    """Render a value inside a sentence: text as it is, numbers plainly, the rest as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.2f}"
    return canonical_json(value)


def at_path(value: Json, path: str) -> Json:
    """Return the value at a dot-separated path.

    Raises:
        KeyError: Nothing is there; the message names the part that failed.
    """
    current = value
    for part in path.split(".") if path else ():
        if isinstance(current, dict) and part in current:
            current = current[part]
        elif (
            isinstance(current, list)
            and _is_index(part)
            and -len(current) <= int(part) < len(current)
        ):
            current = current[int(part)]
        else:
            raise KeyError(f"nothing at {part!r} of path {path!r}")
    return current


def _is_index(part: str) -> bool:
    return part.removeprefix("-").isdecimal() and part.isascii()
