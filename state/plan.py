"""Plan: a directed acyclic graph of steps, and the rules it must keep."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ..errors import PlanError
from .references import Reference, references
from .values import Json, JsonObject, Record

StepId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
StepKind = Literal["tool", "reason", "draft", "ask"]

MAX_STEPS = 512
"""More steps than any person would read before approving."""


class Check(Record):
    """A business rule on a step's output, decided without a model."""

    path: str
    op: Literal["eq", "ne", "in", "not_in", "lt", "le", "gt", "ge", "exists", "not_empty"]
    value: Json = None
    """A literal, a list for `in` and `not_in`, or a reference to an earlier step's output."""
    message: str
    """What to tell the person when it does not hold."""


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
    optional: bool = False
    """A failed optional step skips its dependants and does not make the answer partial."""
    timeout: float | None = Field(default=None, gt=0, le=3600)
    """Seconds for one attempt."""
    max_tokens: int | None = Field(default=None, gt=0, le=200_000)
    """Output tokens for one model call."""

    def uses(self) -> tuple[Reference, ...]:
        """Every reference of the step, in arguments and in checks."""
        in_checks = (ref for check in self.checks for ref in references(check.value, "checks"))
        return (*references(self.args), *in_checks)

    def needs(self) -> frozenset[str]:
        """Ids of the steps that must be accepted before this one can run."""
        return frozenset({ref.step for ref in self.uses() if ref.step} | set(self.after))


class AnswerSentence(Record):
    """One sentence of a prepared answer: literal text with references, and what it rests on."""

    text: Json
    """Text, or a reference, or a `$join` of both."""
    cites: tuple[StepId, ...]
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
    answer: tuple[AnswerSentence, ...] = ()
    """A prepared answer, if the planner has one; checked against the evidence like any other."""
    tools: tuple[str, ...] | None = None
    """Allowlist for this task; `None` allows what policy allows."""

    def step(self, step_id: str) -> Step:
        """Return the step of that id.

        Raises:
            KeyError: The plan has no such step.
        """
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)


def check_plan(plan: Plan, *, attachments: frozenset[str] = frozenset()) -> None:
    """Check the plan's own structure, before tools and policy are asked about it.

    Args:
        plan: The plan.
        attachments: Names that `$attachment` may use.

    Raises:
        PlanError: Too many steps, a duplicate id, a broken reference, a step without what its
            kind needs, or a cycle. `where` names the step.
    """
    if len(plan.steps) > MAX_STEPS:
        raise PlanError(
            f"{len(plan.steps)} steps are more than the limit of {MAX_STEPS}.",
            where="plan.steps",
            fix="Plan fewer steps, or split the task.",
        )
    ids = Counter(step.id for step in plan.steps)
    for step_id, count in ids.items():
        if count > 1:
            raise PlanError("Two steps have this id.", where=step_id, fix="Give each its own id.")
    for step in plan.steps:
        _check_step(step, frozenset(ids), attachments)
    for sentence in plan.answer:
        cited = {ref.step for ref in references(sentence.text) if ref.step} | set(sentence.cites)
        if missing := cited - ids.keys():
            raise PlanError(
                f"The answer cites {sorted(missing)}.", where="answer", fix="Cite steps."
            )
    topological_order(plan)


def _check_step(step: Step, known: frozenset[str], attachments: frozenset[str]) -> None:
    if step.kind == "tool" and not step.tool:
        raise PlanError("A tool step names no tool.", where=step.id, fix="Set `tool`.")
    if step.kind != "tool" and step.tool:
        raise PlanError(f"A {step.kind} step names a tool.", where=step.id, fix='Set kind "tool".')
    if step.kind in ("reason", "ask") and not step.prompt:
        raise PlanError(f"A {step.kind} step has no prompt.", where=step.id, fix="Set `prompt`.")
    for needed in sorted(step.needs()):
        if needed == step.id:
            raise PlanError(
                "The step refers to itself.", where=step.id, fix="Remove the reference."
            )
        if needed not in known:
            raise PlanError(
                f"It refers to step {needed!r}, which is not in the plan.",
                where=step.id,
                fix=f"Refer to one of {sorted(known)}.",
            )
    for ref in step.uses():
        if ref.attachment and ref.attachment not in attachments:
            raise PlanError(
                f"It refers to attachment {ref.attachment!r}, which the task does not have.",
                where=step.id,
                fix=f"The task has {sorted(attachments) or 'no attachments'}.",
            )


def topological_order(plan: Plan) -> tuple[str, ...]:
    """Return step ids so that each comes after what it needs, plan order otherwise kept.

    Raises:
        PlanError: The steps form a cycle; the message lists it.
    """
    needs = {step.id: set(step.needs()) for step in plan.steps}
    dependants: dict[str, list[str]] = {step_id: [] for step_id in needs}
    for step_id, required in needs.items():
        for other in required:
            dependants[other].append(step_id)
    ready = [step_id for step_id, required in needs.items() if not required]
    order: list[str] = []
    while ready:
        current = ready.pop(0)
        order.append(current)
        for step_id in dependants[current]:
            needs[step_id].discard(current)
            if not needs[step_id]:
                ready.append(step_id)
    if len(order) < len(needs):
        stuck = sorted(needs.keys() - set(order))
        raise PlanError(
            f"Steps {stuck[:10]} wait for each other.", where=stuck[0], fix="Break the cycle."
        )
    return tuple(order)
