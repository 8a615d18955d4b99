"""References: how a step's arguments name values that do not exist yet.

    {"$from": "s1", "path": "order.total"}       the value at a path in the output of step s1
    {"$join": ["Order ", {"$from": …}, "."]}     text put together from parts
    {"$attachment": "invoice.txt"}               the text of an attachment
    {"$expr": "order.total * 2"}                 what an expression works out (`expressions`)
    {"$first_of": [{"$from": …}, {"$from": …}]}  the first of these that is there and not null

A path is dot-separated; a number is a list index, and negative numbers count from the end. An
empty path is the whole output. Literal objects with a key that starts with `$` do not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from pydantic import BaseModel

from ..errors import ExpressionError, MissingValueError, PlanError
from .expressions import evaluate
from .expressions.reading import Read, reads
from .values import Json, JsonObject, canonical_json, carried

REFERENCE_KEYS = (
    {"$from"},
    {"$from", "path"},
    {"$join"},
    {"$attachment"},
    {"$expr"},
    {"$first_of"},
)
_OF_PARTS = ("$join", "$first_of")


class Reference(BaseModel, frozen=True):
    """One use of an earlier value."""

    at: str
    """Where in the arguments it stands: `amount`, `items.0.id`."""
    step: str = ""
    path: str = ""
    attachment: str = ""
    may_be_absent: bool = False
    """Whether what reads it bears with a step that was skipped."""
    is_tested: bool = False
    """Whether it is only asked for whether it is there, or which branch holds."""


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
        elif "$expr" in value:
            yield from read_by(value["$expr"], at)
        elif "$first_of" in value:
            for part in value["$first_of"]:
                for found in references(part, at):
                    yield found.model_copy(update={"may_be_absent": True})
        else:
            for part in value["$join"]:
                yield from references(part, at)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from references(item, f"{at}.{index}" if at else str(index))


def read_by(expression: str, at: str) -> Iterator[Reference]:
    """Yield what an expression reads, in a stable order.

    Raises:
        ExpressionError: It is no expression; `where` begins with `at`.
    """
    try:
        found = reads(expression)
    except ExpressionError as error:
        raise placed_at(at, error) from error
    for read in sorted(found.values):
        yield Reference(
            at=at,
            step=read.name,
            path=_dotted(read),
            may_be_absent=read.name in found.asked,
            is_tested=read.name not in found.told,
        )
    for name in sorted(found.attachments):
        yield Reference(at=at, attachment=name)


def chosen_places(value: Json, at: str = "") -> Iterator[str]:
    """Yield the places where what is read may decide which of several values stands there."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from chosen_places(item, f"{at}.{index}" if at else str(index))
    elif isinstance(value, dict) and not _is_reference(value):
        for key, item in value.items():
            yield from chosen_places(item, f"{at}.{key}" if at else str(key))
    elif isinstance(value, dict) and _chooses(value):
        yield at


def _chooses(reference: Json) -> bool:
    if not isinstance(reference, dict):
        return False
    if "$expr" in reference:
        return reads(reference["$expr"]).chooses
    if "$join" in reference:
        return any(_chooses(part) for part in reference["$join"])
    return "$first_of" in reference


def _dotted(read: Read) -> str:
    """Write a path with dots, up to a key that has one itself."""
    parts: list[str] = []
    for part in read.parts:
        if not part or "." in part:
            break
        parts.append(part)
    return ".".join(parts)


def _check_form(value: JsonObject, at: str) -> None:
    keys = set(value)
    well_formed = keys in REFERENCE_KEYS and (
        isinstance(parts := next(iter(value.values())), list) and bool(parts)
        if keys <= set(_OF_PARTS)
        else all(isinstance(part, str) for part in value.values())
    )
    if not well_formed:
        raise PlanError(
            f"{canonical_json(value)[:200]} is not a reference.",
            where=at,
            fix='Use {"$from": step, "path": "a.b"}, {"$join": [parts]}, {"$expr": "a.b + 1"}, '
            '{"$first_of": [references]} or {"$attachment": name}.',
        )


def resolve(
    value: Json,
    lookup: Callable[[Reference], Json],
    at: str = "",
    *,
    now: datetime | None = None,
) -> Json:
    """Return `value` with every reference replaced by what `lookup` finds for it.

    Args:
        value: A literal that may hold references.
        lookup: Finds the value of a reference; raises `KeyError` where there is none.
        at: Where `value` stands.
        now: The time of the run, for expressions.

    Raises:
        KeyError: A value is not there.
        ExpressionError: An expression failed; `where` quotes the part.
    """
    if isinstance(value, list):
        return [
            resolve(item, lookup, f"{at}.{i}" if at else str(i), now=now)
            for i, item in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    if not _is_reference(value):
        return {
            key: resolve(item, lookup, f"{at}.{key}" if at else str(key), now=now)
            for key, item in value.items()
        }
    if "$join" in value:
        return "".join(as_text(resolve(part, lookup, at, now=now)) for part in value["$join"])
    if "$expr" in value:
        return computed(value["$expr"], lookup, at, now=now)
    if "$first_of" in value:
        return _first_of(value["$first_of"], lookup, at, now)
    [reference] = references(value, at)
    return lookup(reference)


def computed(
    expression: str,
    lookup: Callable[[Reference], Json],
    at: str = "",
    *,
    now: datetime | None = None,
) -> Json:
    """Work out an expression; a step without a value is absent and no error by itself.

    Args:
        expression: The expression.
        lookup: Finds the value of a reference; raises `KeyError` where there is none.
        at: The step and field where it stands.
        now: The time of the run.

    Raises:
        ExpressionError: It failed; `where` is the place, and quotes the part.
    """
    found = reads(expression)
    values: JsonObject = {}
    for name in found.names:
        try:
            values[name] = lookup(Reference(at=at, step=name))
        except KeyError:
            continue
    files = {name: lookup(Reference(at=at, attachment=name)) for name in found.attachments}
    try:
        return carried(evaluate(expression, values, attachments=files, now=now))
    except ExpressionError as error:
        raise placed_at(at, error) from error


def placed_at(at: str, error: PlanError) -> PlanError:
    """Return an error that says in which step and field it arose."""
    where = ": ".join(part for part in (at, error.where) if part)
    return type(error)(error.message, where=where, fix=error.fix)


def _first_of(
    parts: list[Json], lookup: Callable[[Reference], Json], at: str, now: datetime | None
) -> Json:
    for part in parts:
        try:
            value = resolve(part, lookup, at, now=now)
        except (KeyError, MissingValueError):
            continue
        if value is not None:
            return value
    raise KeyError(f"none of the {len(parts)} values of $first_of is there")


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
