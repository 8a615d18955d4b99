"""Plan of a reply: its fields, read; a field that cannot be names its step, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from ..errors import PlanError
from ..state.plan import Plan
from ..state.values import Json, JsonObject

_FIXES = {
    "kind": 'Set kind "reason", "draft" or "ask", or write the step as a line.',
    "id": "Use lower case letters, digits and _, beginning with a letter, 40 at most.",
    "item": "Use lower case letters, digits and _, beginning with a letter.",
    "on_error": 'Write "fail", "skip" or {"use": value}.',
}


def plan_of(fields: JsonObject) -> Plan:
    """Return the plan that a reply's fields make up.

    Raises:
        PlanError: One is missing or has no such value; `where` names the step and the field.
    """
    try:
        return Plan.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = [str(part) for part in _named(first["loc"], fields)]
        field = next((part for part in reversed(where) if part in _FIXES), "")
        if field == "on_error":
            # Which of the forms did not fit is a fact of our code.
            where = where[: where.index(field) + 1]
        message = f"{str(first['msg']).rstrip('.')}."
        raise PlanError(
            message, where=".".join(where), fix=_FIXES.get(field, "Correct it or leave it out.")
        ) from error


def _named(location: Sequence[str | int], value: Json) -> list[str | int]:
    """Return a place with the innermost step called by its id instead of its number."""
    place: list[str | int] = []
    for at, part in enumerate(location):
        value = _inside(value, part)
        is_step = isinstance(part, int) and at > 0 and location[at - 1] == "steps"
        if is_step and isinstance(value, dict) and isinstance(value.get("id"), str):
            place = [value["id"]]
        else:
            place.append(part)
    return place


def _inside(value: Json, part: str | int) -> Json:
    match value:
        case dict():
            return value.get(str(part))
        case list() if isinstance(part, int) and part < len(value):
            return value[part]
        case _:
            return None
