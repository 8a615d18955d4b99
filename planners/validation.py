"""What every plan must pass before anything runs, whoever wrote it."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterable, Iterator, Set
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError, ConfigError, NotFoundError, PlanError
from ..state.checks import check_plan
from ..state.doubts import in_doubt
from ..state.expressions import evaluate
from ..state.expressions.reading import reads
from ..state.plan import Plan, Step
from ..state.remembered import is_fresh
from ..state.revision import check_later_tools, may_be_used_later
from ..state.shapes import shape_of
from ..state.values import Json
from ..tools.arguments import check_schema
from .output_shapes import called, held_to
from .protocols import PlanRequest

if TYPE_CHECKING:
    from ..tools.runner import Runner

MAX_STEP_SCHEMA_BYTES = 8_000
"""Of the schema that a plan gives to one of its steps: a model writes it, for one result."""


async def validate_apart(plan: Plan, request: PlanRequest, tools: Runner) -> None:
    """Do as `validate` does in a thread: arguments and schemas may take long to be judged.

    Raises:
        PlanError: As there.
    """
    await asyncio.to_thread(validate, plan, request, tools)


def validate(plan: Plan, request: PlanRequest, tools: Runner) -> None:
    """Check structure, tools, arguments, permission and budget.

    Args:
        plan: The plan.
        request: What the planner was asked; it names the tools that may be used.
        tools: The registry, for the argument schemas.

    Raises:
        PlanError: `where` names the step; the message is fit to be quoted to a model.
    """
    if not (plan.steps or plan.answer or plan.withdraws or request.previous):
        raise PlanError(
            "It has no steps and says nothing.",
            where="steps",
            fix="Plan steps, reply in answer, or say in cannot why it cannot be done.",
        )
    check_plan(
        plan,
        attachments=frozenset(a.name for a in request.task.attachments),
        shapes=held_to(plan, request),
        arguments={c.name: shape_of(c.args_schema) for c in called(plan, request)},
    )
    permitted = {contract.name for contract in request.tools}
    if plan.tools is not None:
        permitted &= set(plan.tools)
    for step in plan.every_step():
        _check_output_schema(step)
        if step.kind != "tool" or is_recalled(step, request):
            continue
        if step.tool not in permitted:
            raise PlanError(
                f"Tool {step.tool!r} does not exist or may not be used here.",
                where=step.id,
                fix=_instead_of(step.tool, permitted),
            )
        try:
            tools.check_planned(step.tool, _worked_out(step.args))
        except (ArgumentError, NotFoundError) as error:
            raise PlanError(
                f"{error.where}: {error.message}",
                where=f"{step.id}.args",
                fix=_misplaced(step, request) or error.fix,
            ) from error
    _check_look(plan, permitted)
    _check_kept(plan, request)
    _check_fresh(plan, request)
    if request.previous is not None and request.sources:
        usable = may_be_used_later(request.previous, request.reads)
        check_later_tools(plan, usable)
    _check_budget(plan, request)


def _instead_of(tool: str, permitted: Set[str]) -> str:
    """Return which tools are called like the one that is not there, else what there is."""
    own = tool.rpartition(".")[2]
    near = [own] if own in permitted else difflib.get_close_matches(own, permitted, n=3)
    return f"Did you mean {' or '.join(near)}?" if near else f"Use one of {sorted(permitted)}."


def _worked_out(value: Json) -> Any:
    """Return arguments with the values of expressions that read nothing: they are known."""
    match value:
        case {"$expr": str(source)} if len(value) == 1 and reads(source).constant:
            return evaluate(source, {})
        case dict():
            return {name: _worked_out(inner) for name, inner in value.items()}
        case list():
            return [_worked_out(inner) for inner in value]
        case _:
            return value


def _misplaced(step: Step, request: PlanRequest) -> str:
    """Return what mends a field of the step that was written among the tool's arguments."""
    known = {c.name: c.args_schema.get("properties", {}) for c in request.tools}.get(step.tool, {})
    fields = [name for name in step.args if name in Step.model_fields and name not in known]
    if not fields:
        return ""
    return f"{fields[0]} belongs to the step: write it as an object, beside tool and args."


def _check_look(plan: Plan, permitted: Set[str]) -> None:
    """A plan that wants to look again names tools that there are, and may then do something."""
    if unknown := sorted(set(plan.later_tools) - permitted):
        raise PlanError(
            f"There are no tools {unknown}.",
            where="later_tools",
            fix=f"Name some of {sorted(permitted)}.",
        )
    if plan.then_plan and not may_be_used_later(plan):
        raise PlanError(
            "Asked again, it could use no tool.",
            where="then_plan",
            fix="Name in `later_tools` what may be needed then, or leave `then_plan` out.",
        )


def is_recalled(step: Step, request: PlanRequest) -> bool:
    """Whether a step stands for a result of an earlier turn, and is not run."""
    known = request.remembered.get(step.id)
    return known is not None and known.step == step


def _check_fresh(plan: Plan, request: PlanRequest) -> None:
    """Refuse to change something by what may have changed itself since an earlier turn."""
    known = [*request.remembered.values()]
    now = request.run.started_at
    old = {i.step.id: i for i in known if not is_fresh(i, known, now=now)}
    changing = {contract.name for contract in request.tools if contract.effect != "read"}
    for step in plan.every_step():
        if step.tool not in changing or is_recalled(step, request):
            continue
        if stale := sorted(step.needs() & old.keys()):
            raise PlanError(
                f"{stale[0]} is of an earlier turn and may have changed since.",
                where=step.id,
                fix=f"Call {old[stale[0]].step.tool} again and use its output.",
            )


def _check_output_schema(step: Step) -> None:
    if step.output_schema is None:
        return
    try:
        check_schema(
            step.output_schema, where=f"{step.id}.output_schema", limit=MAX_STEP_SCHEMA_BYTES
        )
    except ConfigError as error:
        raise PlanError(error.message, where=error.where, fix=error.fix) from error


def _check_kept(plan: Plan, request: PlanRequest) -> None:
    """A revision may not change what has already run, or may have: its results are facts."""
    if request.previous is None:
        return
    doubts = in_doubt(request.previous, request.results)
    for step in request.previous.steps:
        result = request.results.get(step.id)
        if step.id in doubts and step not in plan.steps:
            raise PlanError(
                "Nobody knows whether its call happened, so the step must stay as it was.",
                where=step.id,
                fix="Leave it out, or repeat it unchanged; give another step another id.",
            )
        if result is None or result.status != "accepted":
            continue
        if step not in plan.steps:
            raise PlanError(
                "The step has run and must stay as it was.",
                where=step.id,
                fix="Repeat it unchanged and use its output by reference.",
            )


def _check_budget(plan: Plan, request: PlanRequest) -> None:
    limits, costs = request.run.limits, {c.name: c.cost_usd for c in request.tools}
    tools_usd = sum(costs.get(step.tool, 0.0) * times for step, times in _with_times(plan.steps))
    if limits.budget_usd is not None and tools_usd > limits.budget_usd:
        raise PlanError(
            f"Its tools alone cost ${tools_usd:.2f} of a budget of ${limits.budget_usd:.2f}.",
            where="plan",
            fix="Use fewer or cheaper tools.",
        )
    tokens = sum((step.max_tokens or 0) * times for step, times in _with_times(plan.steps))
    if limits.budget_tokens is not None and tokens > limits.budget_tokens:
        raise PlanError(
            f"Its steps ask for {tokens} tokens of a budget of {limits.budget_tokens}.",
            where="plan",
            fix="Lower max_tokens.",
        )


def _with_times(steps: Iterable[Step], times: int = 1) -> Iterator[tuple[Step, int]]:
    """Yield every step with how often it may run: those of a loop for each of its `max` items."""
    for step in steps:
        yield step, times
        if step.for_each is not None:
            yield from _with_times(step.for_each.steps, times * step.for_each.max)
