"""Progress: what `plan` does next, decided from plan and results alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from .expansion import hindered_items, lanes_of_loops, open_loops
from .instances import parts_of
from .nesting import roots
from .plan import Plan, topological_order
from .results import Attempt, Failure, StepResult, StepStatus
from .run import Limits, Run, Stop, is_stop_reason
from .schedule import chains, hindered, reachable
from .usage import Usage
from .values import Record

REVISABLE = frozenset(
    {
        "tool_error",
        "timeout",
        "arguments",
        "check",
        "missing",
        "output_schema",
        "output_too_large",
        "responded",
        "did_not_happen",
        "no_answer",
        "refused",
        "input_too_large",
        "expression",
        "items",
    }
)
"""Failure kinds that another plan might avoid. A rejection is not one: a person said no."""


class Move(Record):
    """The next move of the run."""

    kind: Literal["dispatch", "ask", "revise", "finish"]
    chains: tuple[tuple[str, ...], ...] = ()
    problem: str = ""
    """For `revise`: what went wrong."""
    look: str = ""
    """For `revise`: what the plan left to be decided, where nothing went wrong."""


def next_move(
    plan: Plan, results: Mapping[str, StepResult], *, may_revise: bool, may_look: bool = False
) -> Move:
    """Decide: dispatch what is ready, ask for what waits, revise, look again, else finish.

    A person is asked only when nothing else can run, so that one interrupt holds all requests.
    """
    statuses: dict[str, StepStatus] = {id_: result.status for id_, result in results.items()}
    waiting = frozenset(s for s, status in statuses.items() if status == "waiting")
    ready = chains(plan, statuses, held=waiting) + lanes_of_loops(plan, results)
    if ready:
        return Move(kind="dispatch", chains=_in_order(plan, ready, statuses))
    if waiting:
        return Move(kind="ask")
    problems = [
        f"Step {step.id} ({step.goal or step.tool or step.kind}) failed: {failure.message}"
        for step in plan.steps
        if (failure := _revisable_failure(results.get(step.id))) and not step.optional
    ]
    if problems and may_revise:
        return Move(kind="revise", problem="\n".join(problems))
    if plan.then_plan and may_look:
        return Move(kind="revise", look=plan.then_plan)
    return Move(kind="finish")


def _in_order(
    plan: Plan, ready: tuple[tuple[str, ...], ...], statuses: Mapping[str, StepStatus]
) -> tuple[tuple[str, ...], ...]:
    """Let what a person has agreed to happen in the plan's order, in one lane.

    Of a chain only the agreed step goes there; the rest is dispatched again. Of a loop the whole
    lane goes there, which performs the effects of its items in their order.
    """
    agreed = [lane for lane in ready if any(statuses.get(id_) == "cleared" for id_ in lane)]
    if len(agreed) < 2:
        return ready
    place = {step_id: index for index, step_id in enumerate(topological_order(plan))}
    root = roots(plan)
    agreed.sort(key=lambda lane: place[root[parts_of(lane[0])[0]].id])
    one = tuple(id_ for lane in agreed for id_ in (lane if parts_of(lane[0])[1] else lane[:1]))
    return reachable(plan, (one, *(lane for lane in ready if lane not in agreed)), statuses)


def _revisable_failure(result: StepResult | None) -> Failure | None:
    if result is None or result.status not in ("failed", "rejected"):
        return None
    return result.failure if result.failure and result.failure.kind in REVISABLE else None


def skip_blocked(plan: Plan, results: Mapping[str, StepResult]) -> dict[str, StepResult]:
    """Return results for the steps that can no longer run, each naming what stands in its way."""
    found = hindered(plan, results)
    for opened in open_loops(plan, results):
        found |= hindered_items(opened, results)
    return {
        step_id: StepResult(
            step=step_id,
            status=way.status,
            failure=Failure(kind="blocked", message=f"Step {way.cause} did not succeed.")
            if way.status == "blocked"
            else None,
            reason=f"{way.status} because of {way.cause}",
            taint=_taint_of(way.cause, results),
            decided=_taint_of(way.cause, results),
            plan_version=plan.version,
        )
        for step_id, way in found.items()
    }


def is_unfinished(plan: Plan, results: Mapping[str, StepResult]) -> bool:
    """Whether a step has come to no end: one that is left out has a result, too."""
    return any(step.id not in results or results[step.id].status == "open" for step in plan.steps)


def _taint_of(step_id: str, results: Mapping[str, StepResult]) -> tuple[str, ...]:
    return results[step_id].taint if step_id in results else ()


def hard_stop(
    run: Run,
    *,
    turns: int,
    now: float,
    usage: Usage,
    results: Mapping[str, StepResult],
    history: Mapping[str, StepResult] | None = None,
    plan: Plan | None = None,
    may_revise: bool = False,
) -> Stop | None:
    """Return the first hard stop that applies, or `None`.

    A budget stops here once it is used up; that it is never exceeded is the budget ledger's work.

    Args:
        run: The run, with its limits.
        turns: Passes through `plan` so far.
        now: Unix time.
        usage: What the run has used.
        results: Results as the plan in force has them.
        history: Every outcome of the run, replaced ones too; by default `results`.
        plan: The plan in force.
        may_revise: Whether another plan may be made.
    """
    limits = run.limits
    if turns > limits.max_turns:
        return Stop(
            reason="turns", detail=f"The run used its {limits.max_turns} passes (max_turns)."
        )
    if run.deadline_at is not None and now >= run.deadline_at:
        return Stop(reason="deadline", detail="The deadline of the run has passed.")
    if stopped := _stopped_step(results):
        return stopped
    if over := _over_budget(limits, usage):
        return over
    ended = (results if history is None else history).values()
    return _failing_tool(limits, [*ended], plan or Plan(), may_revise=may_revise)


def _failing_tool(
    limits: Limits, ended: Sequence[StepResult], plan: Plan, *, may_revise: bool
) -> Stop | None:
    """Return the stop for a tool that the plan in force has called in vain, once too often.

    The first plan that it fails is revised, where that is allowed, whatever the count.
    """
    optional = {step.id for step in plan.steps if step.optional}
    now = [r for r in ended if r.plan_version == plan.version and r.step not in optional]
    earlier = tool_failures(r for r in ended if r.plan_version != plan.version)
    for tool, count in tool_failures(now).items():
        all_in_all = count + earlier[tool]
        if all_in_all >= limits.max_tool_failures and (earlier[tool] or not may_revise):
            detail = f"Tool {tool} failed {all_in_all} times in this run."
            return Stop(reason="tool_failure", detail=detail)
    return None


def _stopped_step(results: Mapping[str, StepResult]) -> Stop | None:
    for result in results.values():
        if result.status == "stopped" and result.failure:
            kind = result.failure.kind
            reason = kind if is_stop_reason(kind) else "internal"
            return Stop(reason=reason, detail=result.failure.message)
    return None


def _over_budget(limits: Limits, usage: Usage) -> Stop | None:
    if limits.budget_usd is not None and usage.usd is not None and usage.usd >= limits.budget_usd:
        detail = f"The run spent ${usage.usd:.4f} of its ${limits.budget_usd:.4f}."
        return Stop(reason="budget", detail=detail)
    tokens = usage.input_tokens + usage.output_tokens
    if limits.budget_tokens is not None and tokens >= limits.budget_tokens > 0:
        detail = f"The run used {tokens} of its {limits.budget_tokens} tokens."
        return Stop(reason="budget", detail=detail)
    return None


def tool_failures(results: Iterable[StepResult]) -> Counter[str]:
    """Count failed attempts by tool.

    A tool that answers "no such order" works; only what might have gone otherwise counts. What
    `on_error` has made good counts for nothing, and neither does an item of a loop: that some of
    many fail is the loop's failure, which its own `on_error` or a revision answers.
    """
    return Counter(
        attempt.performed_by.removeprefix("tool:")
        for result in results
        if result.status not in ("accepted", "skipped") and not parts_of(result.step)[1]
        for attempt in _failed_attempts(result)
        if attempt.performed_by.startswith("tool:")
    )


def _failed_attempts(result: StepResult) -> list[Attempt]:
    failed = [a for a in result.attempts if a.verdict is not None and a.verdict.action != "accept"]
    last = result.failure
    answered = last is not None and last.kind == "tool_error" and not last.retryable
    return failed[:-1] if answered else failed
