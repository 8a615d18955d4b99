"""Short forms in which a model may write a plan, and the plan that they mean.

Output is what planning costs most. What a reader can infer, a model need not write: a schema in
JSON, the group of a loop that has one step, the names of inputs. A step may also be a line of
Python (`step_lines`), and all steps one text of such lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from ..errors import PlanError
from ..state.values import Json, JsonObject
from .named_values import Values, read_in, step_with, taken_apart
from .notation import NotationError, read_notation
from .references_in_short import spelt_out
from .spread import Schemas, spread
from .step_calls import NO_TOOLS, Tools
from .step_lines import read_lines, with_names

NO_SCHEMAS: Schemas = MappingProxyType({})
DEFAULT_MAX = 100
"""Items of a loop that does not say how many it expects."""

_OF_THE_LOOP = ("id", "goal", "after", "optional")
"""Fields of a step with a loop of its own that the loop takes; its only step keeps the others."""


def steps_in_full(
    steps: Sequence[Json] | str, tools: Tools = NO_TOOLS, schemas: Schemas = NO_SCHEMAS
) -> tuple[list[Json], Values]:
    """Write steps in full, those of loops too, and return what names of values stand for.

    What is no step is left for the check to name.

    Args:
        steps: Steps as a model wrote them, or the text of their lines.
        tools: The arguments of tools.
        schemas: What steps bring that have run and that these may read.
    """
    if isinstance(steps, str):
        steps = [steps] if steps.strip() else []
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
            self._in_full(spelt_out(step)) if isinstance(step, dict) else step for step in written
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
