"""Named values: `total = found.price * 2` names an expression, which stands where it is read.

An expression changes nothing and takes no time, so that a step for it would be one that nobody
needs. It is put in the place of its name before the plan is checked.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from ..errors import ExpressionError, PlanError
from ..state.contradictions import exclude
from ..state.expressions.reading import reads, substituted
from ..state.values import Json, JsonObject

VALUE = "value"
"""The field of a line that names a value, in the place of a step's fields."""

_FORMS = ("args", "checks", "on_error")
"""Fields of a step that hold literals with references."""

Values = Mapping[str, Json]
"""Name → what it stands for: a literal with references, or `{"$expr": …}`."""
NO_VALUES: Values = MappingProxyType({})


def taken_apart(lines: Sequence[Any]) -> tuple[list[Any], dict[str, Json]]:
    """Return the steps among lines, and the values that the others name.

    Raises:
        PlanError: A name is given to two values, or a value is no expression.
    """
    steps, values = _of_branches([line for line in lines if not _is_value(line)])
    given: dict[str, list[JsonObject]] = {}
    for line in lines:
        if _is_value(line):
            given.setdefault(line["id"], []).append(line)
    taken = {step["id"] for step in steps if isinstance(step, dict) and "id" in step}
    for name, lines_of in given.items():
        if name in taken or name in values or not _exclusive(lines_of):
            raise PlanError(
                f"{name} is given more than once.",
                where=name,
                fix="A value is never changed: give each its own name.",
            )
        values[name] = read_in(_joined(lines_of), values)
        _check(name, values[name])
    return steps, values


def _is_value(line: Any) -> bool:
    return isinstance(line, dict) and VALUE in line


def _exclusive(lines: Sequence[JsonObject]) -> bool:
    """Whether at most one of several lines has its condition met."""
    conditions = [str(line.get("when", "")) for line in lines]
    if len(lines) == 1:
        return True
    if not all(conditions):
        return False
    with suppress(ExpressionError):
        return all(exclude(a, b) for a, b in itertools.combinations(conditions, 2))
    return False


def _joined(lines: Sequence[JsonObject]) -> Json:
    """Return what a name stands for that is given under conditions: the last one is the rest."""
    *firsts, last = lines
    if not firsts and "when" not in last:
        return last[VALUE]
    text = as_text(last[VALUE]) if firsts else f"{as_text(last[VALUE])} if {last['when']} else null"
    for line in reversed(firsts):
        text = f"{as_text(line[VALUE])} if {line['when']} else ({text})"
    return {"$expr": text}


def _check(name: str, value: Json) -> None:
    try:
        reads(as_text(value))
    except ExpressionError as error:
        where = f"{name}: {error.where}".rstrip(": ")
        raise PlanError(error.message, where=where, fix=error.fix) from error


def _of_branches(steps: list[Any]) -> tuple[list[Any], dict[str, Json]]:
    """Give steps of one name that exclude each other their own; the name is the one that ran."""
    by_name: dict[str, list[JsonObject]] = {}
    for step in steps:
        if isinstance(step, dict) and isinstance(step.get("id"), str):
            by_name.setdefault(step["id"], []).append(step)
    twice = {n: group for n, group in by_name.items() if len(group) > 1 and _exclusive(group)}
    numbers: Counter[str] = Counter()
    renamed: list[Any] = []
    for step in steps:
        name = step.get("id") if isinstance(step, dict) else None
        if name not in twice:
            renamed.append(step)
            continue
        numbers[name] += 1
        renamed.append({**step, "id": f"{name[:37]}_{numbers[name]}"})
    values: dict[str, Json] = {
        name: {"$expr": f"first_of({', '.join(f'{name[:37]}_{n + 1}' for n in range(len(group)))})"}
        for name, group in twice.items()
    }
    return renamed, values


def as_text(value: Json) -> str:
    """Return a literal with references as an expression."""
    match value:
        case {"$expr": str(source)} if len(value) == 1:
            return f"({source})"
        case {"$attachment": str(name)} if len(value) == 1:
            return f"attachment({name!r})"
        case dict():
            return f"{{{', '.join(f'{key!r}: {as_text(item)}' for key, item in value.items())}}}"
        case list():
            return f"[{', '.join(map(as_text, value))}]"
        case _:
            return repr(value)


def step_with(step: Json, values: Values) -> Any:
    """Return a step in full whose expressions read no named values any more."""
    if not isinstance(step, dict) or not values:
        return step
    read = {key: read_in(step[key], values) for key in _FORMS if key in step}
    step = {**step, **read}
    if "when" in step:
        step["when"] = _expression(step["when"], values)
    if isinstance(step.get("after"), list):
        step["after"] = [name for name in step["after"] if name not in values]
    if isinstance(loop := step.get("for_each"), dict):
        step["for_each"] = _loop_with(loop, values, str(step.get("id", "")))
    return step


def _loop_with(loop: JsonObject, values: Values, where: str) -> JsonObject:
    item = loop.get("item", "item")
    if item in values:
        raise PlanError(
            f"Its item has the name {item!r}, which a value has too.",
            where=f"{where}.for_each.item",
            fix="Give the item its own name.",
        )
    return {
        **loop,
        **{key: _expression(loop[key], values) for key in ("items", "key") if key in loop},
        "steps": [step_with(inner, values) for inner in loop.get("steps", [])],
        **({"output": read_in(loop["output"], values)} if "output" in loop else {}),
    }


def read_in(form: Json, values: Values) -> Any:
    """Return a literal with references that reads no named values any more."""
    match form:
        case {"$expr": str(source)} if len(form) == 1:
            name = source.strip()
            return values[name] if name in values else {"$expr": _expression(source, values)}
        case {"$from": str(name)} if name in values:
            path = form.get("path", "")
            return {"$expr": as_text(values[name]) + (f".{path}" if path else "")}
        case dict():
            return {key: read_in(item, values) for key, item in form.items()}
        case list():
            return [read_in(item, values) for item in form]
        case _:
            return form


def _expression(source: Json, values: Values) -> Json:
    if not isinstance(source, str):
        return source
    # What cannot be read is named by the check, with its step and field.
    with suppress(ExpressionError):
        return substituted(source, {name: as_text(value) for name, value in values.items()})
    return source


def cited(names: Sequence[str], values: Values) -> list[str]:
    """Return the steps that names of values rest on, besides the names of steps."""
    found: list[str] = []
    for name in names:
        found += sorted(reads(as_text(values[name])).names) if name in values else [name]
    return list(dict.fromkeys(found))
