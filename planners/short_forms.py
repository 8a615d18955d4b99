"""Short forms in which a model may write a plan, and the plan that they mean.

Output is what planning costs most. What a reader can infer, a model need not write: a schema in
JSON, the group of a loop that has one step, the names of inputs, what a sentence rests on. A step
may also be a line of Python (`step_lines`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ..errors import PlanError
from ..state.values import Json, JsonObject
from .named_values import Values, cited, read_in, step_with, taken_apart
from .notation import NotationError, read_notation
from .spread import Schemas, spread
from .step_calls import NO_TOOLS, Tools
from .step_lines import is_f_string, read_lines, with_names

NO_VALUES: Values = MappingProxyType({})
NO_SCHEMAS: Schemas = MappingProxyType({})
DEFAULT_MAX = 100
"""Items of a loop that does not say how many it expects."""

_OF_THE_LOOP = ("id", "goal", "after", "optional")
"""Fields of a step with a loop of its own that the loop takes; its only step keeps the others."""


def steps_in_full(
    steps: Sequence[Json], tools: Tools = NO_TOOLS, schemas: Schemas = NO_SCHEMAS
) -> tuple[list[Json], Values]:
    """Write steps in full, those of loops too, and return what names of values stand for.

    What is no step is left for the check to name.

    Args:
        steps: Steps as a model wrote them.
        tools: The arguments of tools.
        schemas: What steps bring that have run and that these may read.
    """
    full, values = _ShortFormReader(tools).group(steps)
    return spread(full, schemas), values


@dataclass(frozen=True)
class _ShortFormReader:
    """Reads the steps of one plan."""

    tools: Tools
    names: set[str] = field(default_factory=set[str])
    """Names that its steps have."""

    def group(self, steps: Sequence[Json]) -> tuple[list[Json], Values]:
        """Return steps that stand side by side in full, and the values that they read."""
        read: list[Json] = []
        for step in steps:
            read += read_lines(step, self.tools) if isinstance(step, str) else [step]
        written, values = taken_apart(with_names(read, self.names))
        full = [
            self._in_full(_spelt_out(step)) if isinstance(step, dict) else step for step in written
        ]
        return [step_with(step, values) for step in full], values

    def _in_full(self, step: JsonObject) -> JsonObject:
        schema, loop, args = step.get("output_schema"), step.get("for_each"), step.get("args")
        if isinstance(args, list):
            step = {**step, "args": {str(name): {"$expr": name} for name in args}}
        if isinstance(schema, str):
            step = {**step, "output_schema": _schema(schema, step)}
        if isinstance(loop, str):
            loop = {"items": loop}
        if not isinstance(loop, dict):
            return step
        if "steps" not in loop:
            return _looped(step, loop)
        inner, values = self.group(loop["steps"])
        loop = {"max": DEFAULT_MAX, **loop, "steps": inner}
        if "output" in loop:
            loop["output"] = read_in(loop["output"], values)
        return {**step, "for_each": loop}


def _spelt_out(value: Json) -> Any:
    """Write `{"$": …}` as `{"$expr": …}`, wherever it stands."""
    if isinstance(value, list):
        return [_spelt_out(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$"}:
        return {"$expr": value["$"]}
    return {name: _spelt_out(item) for name, item in value.items()}


def _looped(step: JsonObject, loop: JsonObject) -> JsonObject:
    """Return the loop that does one step for each item."""
    outer = {name: step[name] for name in _OF_THE_LOOP if name in step}
    inner = {name: step[name] for name in step if name not in (*_OF_THE_LOOP, "for_each")}
    if inner.get("kind") == "each":
        del inner["kind"]
    inner["id"] = f"{str(step.get('id', ''))[:34]}_each"
    return {**outer, "for_each": {"max": DEFAULT_MAX, **loop, "steps": [inner]}}


def _schema(text: str, step: JsonObject) -> JsonObject:
    try:
        return read_notation(text)
    except NotationError as error:
        raise PlanError(
            f"It cannot be read: {error}.",
            where=f"{step.get('id', '')}.output_schema",
            fix="Write it like {iban: text, amount: number, tags: [text]}, or as a JSON schema.",
        ) from error


def sentences_in_full(answer: Json, values: Values = NO_VALUES) -> list[JsonObject]:
    """Write a prepared answer in full; a sentence without `cites` rests on the steps it reads."""
    given = answer if isinstance(answer, list) else [answer]
    written = [_sentence(_spelt_out(item)) for item in given]
    return [_with_values(item, values) for item in written if item["text"]]


def _with_values(sentence: JsonObject, values: Values) -> JsonObject:
    sentence = {**sentence, "text": read_in(sentence["text"], values)}
    if isinstance(names := sentence.get("cites"), list):
        sentence["cites"] = cited(names, values)
    return sentence


def _sentence(item: Json) -> JsonObject:
    if isinstance(item, str) and is_f_string(item):
        return {"text": {"$expr": item}}
    if isinstance(item, str) and item[:2] in ("f'", 'f"') and item[1:].endswith(item[1]):
        raise PlanError(
            f"{item[:80]!r} cannot be read as an f-string.",
            where="answer",
            fix="Quotes within its braces must be of the other kind; close what is open.",
        )
    if not isinstance(item, dict) or any(name.startswith("$") for name in item):
        return {"text": item}
    if "text" in item:
        text = item["text"]
        is_expression = isinstance(text, str) and is_f_string(text)
        return item | {"text": {"$expr": text}} if is_expression else item
    raise PlanError(
        "A sentence has no text.",
        where="answer",
        fix='Write {"text": …, "cites": […]}, or {"$expr": …}.',
    )
