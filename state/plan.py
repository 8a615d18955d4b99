"""Plan: a directed acyclic graph of steps, with conditions and loops.

`docs/plans.md` is the reference of the language; `checks` holds the rules that a plan must keep.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from ..errors import PlanError
from .references import Reference, placed_at, read_by, references
from .values import Json, JsonObject, Readers, Record

StepId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
StepKind = Literal["tool", "reason", "draft", "ask", "each"]

MAX_STEPS = 512
"""More steps than any person would read before approving."""

MAX_ITEMS = 10_000
"""Items that a loop may ask for; its own `max` is usually far below."""

MAX_NESTING = 2
"""Loops in each other: their items multiply."""


class Check(Record):
    """A business rule on a step's output, decided without a model."""

    path: str
    op: Literal["eq", "ne", "in", "not_in", "lt", "le", "gt", "ge", "exists", "not_empty"]
    value: Json = None
    """A literal, a list for `in` and `not_in`, or a reference to an earlier step's output."""
    message: str
    """What to tell the person when it does not hold."""


class UseInstead(Record):
    """The value that a step has if it fails."""

    use: Json
    """A literal or a reference."""


class ForEach(Record):
    """A group of steps that runs once for each item of a list."""

    items: str
    """Expression: the list, known when the steps that it reads have run."""
    item: StepId = "item"
    """The name by which the steps of the group read the item."""
    max: int = Field(default=0, ge=0, le=MAX_ITEMS)
    """Items that are expected at most; more are an error and nothing runs."""
    concurrency: int = Field(default=4, ge=1, le=32)
    """Items that are worked on side by side; effects keep the items' order."""
    key: str = ""
    """Expression over the item: what it is called. Two items may not have the same."""
    steps: tuple[Step, ...] = ()
    """The group."""
    output: Json = None
    """What one item brings: a literal with references; else the output of the last step."""

    @property
    def own_names(self) -> frozenset[str]:
        """Names that mean something only inside the group."""
        return frozenset({self.item, *(step.id for step in self.steps)})


class Step(Record):
    """One unit of work."""

    id: StepId
    kind: StepKind
    goal: str = ""
    """What the step is for, in one line."""
    tool: str = ""
    """For `tool`: the tool's name."""
    args: JsonObject = {}
    """For `tool`: its arguments. For the other kinds: named inputs. Both may hold references."""
    prompt: str = ""
    """For `reason` and `draft`: the instruction; for `ask`: the question to the person."""
    output_schema: JsonObject | None = None
    """For `reason`: the JSON schema of the result; text if absent."""
    after: tuple[StepId, ...] = ()
    """Steps that must be accepted first although no value of theirs is used."""
    checks: tuple[Check, ...] = ()
    task_type: str = "general"
    """For `reason` and `draft`: what the router matches on: `chat`, `long_reasoning`, …"""
    risk: Literal["low", "medium", "high"] = "low"
    when: str = ""
    """Expression: run the step only if it is true; else the step is skipped."""
    on_error: Literal["fail", "skip"] | UseInstead = "fail"
    """What a failure makes of the step: failed, skipped, or accepted with another value."""
    for_each: ForEach | None = None
    """For `each`: the loop."""
    optional: bool = False
    """A failed optional step skips its dependants and does not make the answer partial."""
    timeout: float | None = Field(default=None, gt=0, le=3600)
    """Seconds for one attempt."""
    max_tokens: int | None = Field(default=None, gt=0, le=200_000)
    """Output tokens for one model call."""

    @model_validator(mode="before")
    @classmethod
    def _told_kind(cls, given: Json) -> Json:
        """Fill in the kind of a step that calls a tool, loops or has a schema: that tells it."""
        if not isinstance(given, dict) or "kind" in given:
            return given
        telling = {"for_each": "each", "tool": "tool", "output_schema": "reason"}
        kind = next((kind for field, kind in telling.items() if given.get(field)), None)
        return given if kind is None else {**given, "kind": kind}

    def uses(self) -> tuple[Reference, ...]:
        """Every reference of the step to what is outside of it.

        Raises:
            PlanError: One has a form that does not exist, or an expression can't be read.
        """
        try:
            return tuple(self._uses())
        except PlanError as error:
            where = f"{self.id}.{error.where}" if error.where else self.id
            raise type(error)(error.message, where=where, fix=error.fix) from error

    def _uses(self) -> Iterator[Reference]:
        yield from references(self.args)
        for check in self.checks:
            yield from references(check.value, "checks")
        if self.when:
            yield from read_by(self.when, "when")
        if isinstance(self.on_error, UseInstead):
            yield from references(self.on_error.use, "on_error.use")
        if self.for_each is not None:
            yield from _used_by_loop(self.for_each)

    def needs(self) -> frozenset[str]:
        """Ids of the steps that must have come to an end before this one can run."""
        return frozenset({ref.step for ref in self.uses() if ref.step} | set(self.after))

    def requires(self) -> frozenset[str]:
        """Ids of the steps that must be accepted; the others may be skipped or fail."""
        hard = {ref.step for ref in self.uses() if ref.step and not ref.may_be_absent}
        return frozenset(hard | set(self.after))

    def every(self) -> Iterator[Step]:
        """Yield the step and, of a loop, all that stand in it."""
        yield self
        for inner in self.for_each.steps if self.for_each is not None else ():
            yield from inner.every()


def _used_by_loop(loop: ForEach) -> Iterator[Reference]:
    """Yield what a loop and its steps read from outside of it."""
    yield from read_by(loop.items, "for_each.items")
    inside: list[Reference] = list(references(loop.output, "for_each.output"))
    if loop.key:
        inside += read_by(loop.key, "for_each.key")
    for step in loop.steps:
        inside += (ref.model_copy(update={"at": f"{step.id}.{ref.at}"}) for ref in step.uses())
        inside += (Reference(at=f"{step.id}.after", step=id_) for id_ in step.after)
    yield from (ref for ref in inside if ref.step not in loop.own_names)


class AnswerSentence(Record):
    """One sentence of a prepared answer: literal text with references, and what it rests on."""

    text: Json
    """Text, or a reference, or a `$join` of both."""
    cites: tuple[StepId, ...] = ()
    when: StepId | None = None
    """Say it only if this step was accepted."""
    unless: StepId | None = None
    """Say it only if this step was not accepted."""


class Plan(Record):
    """What will be done, by whom it was planned, and after reading what."""

    steps: tuple[Step, ...] = ()
    version: int = 1
    planner: str = ""
    """`playbook:NAME`, or the model that wrote it."""
    reason: str = ""
    """Why this plan: the playbook's score, or the model's own words."""
    taint: tuple[str, ...] = ()
    """Untrusted sources the planner had read; empty for a plan made from the user's words alone."""
    readers: Readers = None
    """Who may read what the planner had read: what is literal in the plan may repeat it."""
    data_class: tuple[str, ...] = ()
    """Classes of the data that the planner had read."""
    answer: tuple[AnswerSentence, ...] = ()
    """A prepared answer, if the planner has one; checked against the evidence like any other. Of a
    plan without steps it is the reply."""
    only_deeds: bool = False
    """Whether what was done is all that the user is to be told; the framework tells it."""
    withdraws: dict[str, str] = {}
    """Waiting requests that the user has taken back: id → what was to be done, in words."""
    instructions: str = ""
    """What its playbook says that steps and answer must keep to."""
    tools: tuple[str, ...] | None = None
    """Allowlist for this task; `None` allows what policy allows."""
    ordered: tuple[str, ...] = ()
    """Tools of its steps that change something: those of a loop are called in the items' order."""
    then_plan: str = ""
    """What is to be decided once the steps are done: the planner is asked again, with results."""
    later_tools: tuple[str, ...] = ()
    """Tools that a later plan may use, named before any untrusted text was read."""
    looks: tuple[str, ...] = ()
    """For each version after the first what was to be decided, as a look had asked; empty for one
    that was made because steps had failed."""

    def read_by_answer(self, index: int) -> frozenset[str]:
        """Return the names that a sentence of the prepared answer reads.

        Raises:
            PlanError: An expression or a reference in it cannot be read; `where` is the sentence.
        """
        try:
            return frozenset(ref.step for ref in references(self.answer[index].text) if ref.step)
        except PlanError as error:
            raise placed_at(f"answer.{index}", error) from error

    def every_step(self) -> Iterator[Step]:
        """Yield all steps, those of a loop after it."""
        for step in self.steps:
            yield from step.every()

    def step(self, step_id: str) -> Step:
        """Return the step of that id.

        Raises:
            KeyError: The plan has no such step.
        """
        for step in self.every_step():
            if step.id == step_id:
                return step
        raise KeyError(step_id)


def topological_order(plan: Plan) -> tuple[str, ...]:
    """Return step ids so that each comes after what it needs, plan order otherwise kept.

    A loop is one step here; `in_order` sorts the steps of its group.

    Raises:
        PlanError: The steps form a cycle; the message lists it.
    """
    return in_order(plan.steps)


def in_order(steps: Iterable[Step]) -> tuple[str, ...]:
    """Return ids of steps that stand side by side so that each comes after what it needs.

    Raises:
        PlanError: The steps form a cycle; the message lists it.
    """
    steps = tuple(steps)
    place = {step.id: index for index, step in enumerate(steps)}
    needs = {step.id: set(step.needs() & place.keys()) for step in steps}
    dependants: dict[str, list[str]] = {step_id: [] for step_id in needs}
    for step_id, required in needs.items():
        for other in required:
            dependants[other].append(step_id)
    ready = [place[step_id] for step_id, required in needs.items() if not required]
    order: list[str] = []
    while ready:
        current = steps[heappop(ready)].id
        order.append(current)
        for step_id in dependants[current]:
            needs[step_id].discard(current)
            if not needs[step_id]:
                heappush(ready, place[step_id])
    if len(order) < len(needs):
        stuck = sorted(needs.keys() - set(order))
        raise PlanError(
            f"Steps {stuck[:10]} wait for each other.", where=stuck[0], fix="Break the cycle."
        )
    return tuple(order)


ForEach.model_rebuild()
