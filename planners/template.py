"""Playbook templates: the format, and how one becomes steps and sentences.

A template is a plan whose values may be `{"$arg": name}`. Arguments are filled in at planning
time, so that the plan itself holds only literals and references to steps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from ..state.checks import check_plan
from ..state.expressions.reading import filled as filled_in
from ..state.expressions.reading import renamed as renamed_in
from ..state.plan import AnswerSentence, Plan, Step
from ..state.references import as_text
from ..state.values import Json, JsonObject, Record
from .extraction import Argument
from .patterns import occurs_in

_ABSENT = object()
_SAMPLES: Mapping[str, Json] = {"string": "sample", "number": 1.0, "integer": 1}


class Conditional(BaseModel):
    """A step or a sentence as the file has it, with the arguments it depends on."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", frozen=True)

    if_: str | None = Field(default=None, alias="if")
    """Keep it only if this argument is given."""
    unless: str | None = None
    """Leave it out if this argument is given."""

    def kept(self, values: JsonObject) -> bool:
        """Whether it belongs to a plan with these arguments."""
        return (self.if_ is None or self.if_ in values) and self.unless not in values

    def body(self, arguments: Collection[str]) -> JsonObject:
        """Return what remains without the conditions.

        A sentence's `unless` may also name a step; then it is the plan's business.
        """
        fields = dict(self.model_extra or {})
        if self.unless is not None and self.unless not in arguments:
            fields["unless"] = self.unless
        return fields


class Playbook(BaseModel):
    """A fixed plan for one kind of request."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    description: str = Field(min_length=1)
    """What the agent can do, in one line, for the person whose request fits nothing."""
    intents: tuple[str, ...] = Field(min_length=1)
    """Requests that it serves."""
    not_intents: tuple[str, ...] = ()
    """Requests that look alike and are something else."""
    requires: tuple[str, ...] = ()
    """Regular expressions that must all occur in the request; for playbooks that move money."""
    arguments: dict[str, Argument] = {}
    instructions: str = Field(default="", max_length=20_000)
    """What steps and answer must keep to: trusted, in their prompts, and evidence."""
    tools: tuple[str, ...]
    """The only tools that a run of this playbook may call."""
    steps: tuple[Conditional, ...] = Field(min_length=1)
    """As in `Step`; values may be `{"$arg": name}`."""
    answer: tuple[Conditional, ...] = ()
    """As in `AnswerSentence`; values may be `{"$arg": name}`."""

    def admits(self, text: str) -> bool:
        """Whether a request says everything that the playbook requires to be said.

        Raises:
            TooSlowError: A pattern needs more time than it gets.
        """
        return all(occurs_in(pattern, text) for pattern in self.requires)

    def problem(self) -> tuple[str, str] | None:
        """Return where and what is wrong with the arguments and their names, or `None`."""
        for name, argument in self.arguments.items():
            if not argument.findable:
                return f"arguments.{name}", "An optional argument needs a pattern or a default."
        for kind in ("steps", "answer"):
            for index, part in enumerate(getattr(self, kind)):
                where = f"{kind}.{index}"
                if part.if_ is not None and part.if_ not in self.arguments:
                    return f"{where}.if", f"{part.if_!r} is not an argument."
                if kind == "steps" and part.unless and part.unless not in self.arguments:
                    return f"{where}.unless", f"{part.unless!r} is not an argument."
                for name in _argument_names(part.model_extra):
                    if name not in self.arguments:
                        return where, f'{{"$arg": {name!r}}} is not an argument.'
        return None


def variants(playbook: Playbook) -> list[JsonObject]:
    """Return sample arguments: all given, none but the required ones, and each one left out."""
    samples = {name: _sample(a) for name, a in playbook.arguments.items()}
    optional = [n for n, a in playbook.arguments.items() if not a.required and a.default is None]
    dropped = {frozenset[str](), frozenset(optional)}
    dropped |= {frozenset(some) for n in (1, 2) for some in combinations(optional, n)}
    return [{k: v for k, v in samples.items() if k not in gone} for gone in dropped]


def _sample(argument: Argument) -> Json:
    return argument.enum[0] if argument.enum else _SAMPLES[argument.type]


def parts(playbook: Playbook) -> Iterator[tuple[str, type[Record], JsonObject]]:
    """Yield where each step and sentence stands, what it must be, and its form with samples."""
    [values] = [v for v in variants(playbook) if len(v) == len(playbook.arguments)]
    for index, step in enumerate(playbook.steps):
        yield f"steps.{index}", Step, _filled(step, playbook, values)
    for index, sentence in enumerate(playbook.answer):
        yield f"answer.{index}", AnswerSentence, _filled(sentence, playbook, values)


def check_template(playbook: Playbook) -> None:
    """Check that every plan the template can become keeps the rules of plans.

    Raises:
        PlanError: A rule is broken.
    """
    for values in variants(playbook):
        steps, answer = instantiate(playbook, values, prefix="q1_")
        check_plan(Plan(steps=steps, answer=answer))


def instantiate(
    playbook: Playbook, values: JsonObject, *, prefix: str = ""
) -> tuple[tuple[Step, ...], tuple[AnswerSentence, ...]]:
    """Fill in the arguments.

    Args:
        playbook: The playbook.
        values: Arguments by name; optional ones may be absent. An entry whose value is an absent
            argument is left out, and so is every step or sentence that depends on it.
        prefix: Put before every step id, so that several playbooks fit into one plan.
    """
    bodies = [step.body(()) for step in playbook.steps]
    every = {str(body["id"]) for body in bodies if "id" in body}
    steps = [
        _filled_step(step.body(playbook.arguments), values)
        for step in playbook.steps
        if step.kept(values)
    ]
    sentences = [_filled(s, playbook, values) for s in playbook.answer if s.kept(values)]
    gone = every - {step.get("id") for step in steps}
    names = {step_id: f"{prefix}{step_id}" for body in bodies for step_id in _ids(body)}
    return (
        tuple(Step.from_json(_renamed_step(s, names, gone)) for s in steps),
        tuple(AnswerSentence.from_json(_renamed_part(s, names, gone)) for s in sentences),
    )


def _ids(step: JsonObject) -> Iterator[str]:
    """Yield the ids of a step and of those that stand in it."""
    if "id" in step:
        yield str(step["id"])
    for inner in _group(step):
        yield from _ids(inner)


def _group(step: JsonObject) -> list[JsonObject]:
    loop = step.get("for_each")
    group = loop.get("steps") if isinstance(loop, dict) else None
    return [inner for inner in group or () if isinstance(inner, dict)]


def _filled(part: Conditional, playbook: Playbook, values: JsonObject) -> JsonObject:
    return fill(part.body(playbook.arguments), values)


def fill(value: Json, values: JsonObject) -> Json:
    """Replace `{"$arg": name}` by the argument's value; entries without a value are left out."""
    if isinstance(value, dict):
        if set(value) == {"$arg"}:
            return values.get(value["$arg"], _ABSENT)
        if set(value) == {"$expr"}:
            return {"$expr": filled_in(value["$expr"], values)}
        filled = {key: _filled_field(key, item, values) for key, item in value.items()}
        kept = {key: item for key, item in filled.items() if item is not _ABSENT}
        return _joined(kept) if set(kept) == {"$join"} else kept
    if isinstance(value, list):
        items = (fill(item, values) for item in value)
        return [item for item in items if item is not _ABSENT]
    return value


_OF_A_LOOP = ("items", "key")
"""Fields of a loop that hold an expression as plain text."""


def _filled_field(key: str, value: Json, values: JsonObject) -> Json:
    if key == "for_each" and isinstance(value, dict):
        return {
            inner: filled_in(item, values)
            if inner in _OF_A_LOOP and isinstance(item, str)
            else fill(item, values)
            for inner, item in value.items()
        } | {"steps": [_filled_step(step, values) for step in value.get("steps", [])]}
    return fill(value, values)


def _filled_step(step: JsonObject, values: JsonObject) -> JsonObject:
    """Fill in a step; its condition is an expression, in which an argument is a literal."""
    filled = fill(step, values)
    if isinstance(step.get("when"), str):
        filled["when"] = filled_in(step["when"], values)
    return filled


def _joined(value: JsonObject) -> Json:
    """Put a `$join` together that has no reference left."""
    parts = value["$join"]
    if isinstance(parts, list) and not any(isinstance(part, dict | list) for part in parts):
        return "".join(as_text(part) for part in parts)
    return value


def _renamed_part(part: JsonObject, names: Mapping[str, str], gone: Collection[str]) -> JsonObject:
    """Rename step ids in a step or sentence; conditions on steps that are gone go with them."""
    renamed = {key: _renamed(value, names) for key, value in part.items()}
    for key in ("id", "when", "unless"):
        if key in part:
            renamed[key] = names.get(part[key], part[key])
    for key in ("after", "cites"):
        if isinstance(part.get(key), list):
            renamed[key] = [names.get(s, s) for s in part[key] if s not in gone]
    return renamed


def _renamed_step(step: JsonObject, names: Mapping[str, str], gone: Collection[str]) -> JsonObject:
    """Rename step ids in a step, in its expressions and in what stands in it."""
    renamed = _renamed_part(step, names, gone)
    if isinstance(when := step.get("when"), str):
        renamed["when"] = renamed_in(when, names)
    if isinstance(loop := step.get("for_each"), dict):
        told = {
            key: renamed_in(text, names)
            for key in _OF_A_LOOP
            if isinstance(text := loop.get(key), str)
        }
        inner = [_renamed_step(one, names, gone) for one in _group(step)]
        renamed["for_each"] = {**renamed["for_each"], **told, "steps": inner}
    return renamed


def _renamed(value: Json, names: Mapping[str, str]) -> Json:
    if isinstance(value, dict):
        renamed = {key: _renamed(item, names) for key, item in value.items()}
        if isinstance(value.get("$from"), str):
            renamed["$from"] = names.get(value["$from"], value["$from"])
        if isinstance(value.get("$expr"), str):
            renamed["$expr"] = renamed_in(value["$expr"], names)
        return renamed
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return value


def _argument_names(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [str(value["$arg"])] if "$arg" in value else []
        return own + [name for item in value.values() for name in _argument_names(item)]
    if isinstance(value, list | tuple):
        return [name for item in value for name in _argument_names(item)]
    return []
