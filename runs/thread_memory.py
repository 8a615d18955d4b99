"""Thread memory: results of earlier turns, kept when a turn begins and recalled by plans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from ..errors import ArgumentError, NotFoundError
from ..state.instances import parts_of
from ..state.plan import Plan, Step
from ..state.remembered import Remembered, is_fresh, recalled, recalled_name, together
from ..state.results import StepResult
from ..tools.contract import ToolContract
from .calls import AcceptedCall, accepted_calls
from .dependencies import Dependencies
from .step import started
from .view import RunView


def kept(view: RunView) -> tuple[Remembered, ...]:
    """Return what the thread remembers, unchanged."""
    return tuple(view.remembered.values())


def remembered_by_now(view: RunView, dependencies: Dependencies) -> tuple[Remembered, ...]:
    """Return what the thread remembers, with what its last run has brought."""
    if not view.begun:
        return ()
    small = {name: r.output for name, r in view.results.items() if not r.payload}
    calls = accepted_calls(view.plan, view.results, small, now=started(view.run))
    before = kept(view)
    taken = {item.step.id for item in before if item.run != view.run.id}
    new = [
        _remembered(_apart(step, view.run.turn, taken), call, view, dependencies)
        for step, call in _named(view.plan, calls)
    ]
    return together(before, new)


def _apart(step: Step, turn: int, taken: Collection[str]) -> Step:
    """Return a step under a name that no other run's has: two may come to an end in one turn."""
    names = (step.id, *(f"{step.id}_{number}" for number in range(2, len(taken) + 3)))
    name = next(name for name in names if recalled_name(turn, name) not in taken)
    return step.model_copy(update={"id": name})


def _named(plan: Plan, calls: Sequence[AcceptedCall]) -> Iterator[tuple[Step, AcceptedCall]]:
    """Yield calls with their steps; those of a loop are numbered: `look_1`, `look_2`."""
    steps = {step.id: step for step in plan.every_step()}
    times: Counter[str] = Counter()
    for call in calls:
        local = parts_of(call.step)[0]
        if local not in steps:
            continue
        times[local] += 1
        id_ = local if call.step == local else f"{local}_{times[local]}"
        yield steps[local].model_copy(update={"id": id_}), call


def _remembered(
    step: Step, call: AcceptedCall, view: RunView, dependencies: Dependencies
) -> Remembered:
    run, contract = view.run, _contract(step.tool, dependencies)
    changes = contract is None or contract.effect != "read"
    # What was read may have been read before a person was waited for: it is no younger than that.
    at = run.resumed_at or run.started_at if changes else run.started_at
    own, result = recalled(run.turn, step, call.args, view.results[call.step], at=at)
    return Remembered(
        step=own,
        result=result,
        run=run.id,
        at=at,
        changes=changes,
        fresh_seconds=contract.fresh_seconds if contract else None,
        proves=contract.proves if contract else "",
    )


def recall(plan: Plan, view: RunView, dependencies: Dependencies) -> dict[str, StepResult]:
    """Return results that a plan has before it runs: of earlier turns, and still fresh."""
    known = view.remembered
    found = {
        step.id: known[step.id].result
        for step in plan.steps
        if step.id in known and step.id not in view.results and known[step.id].step == step
    }
    again = {
        step.id: result
        for step in plan.steps
        if step.id not in found
        and step.id not in view.results
        and (result := _still_fresh(step, known, view, dependencies)) is not None
    }
    return {**found, **again}


def _still_fresh(
    step: Step, known: Mapping[str, Remembered], view: RunView, dependencies: Dependencies
) -> StepResult | None:
    """Return the result of the same call of an earlier turn, where its contract vouches for it."""
    contract = _contract(step.tool, dependencies) if step.kind == "tool" else None
    if contract is None or contract.effect != "read" or contract.fresh_seconds is None:
        return None
    if step.needs() or step.when or step.checks:
        return None
    try:
        args = dependencies.tools.check(step.tool, step.args)
    except ArgumentError:
        return None
    items = [*known.values()]
    same = [i for i in items if (i.step.tool, i.step.args) == (step.tool, args)]
    fresh = [i for i in same if is_fresh(i, items, now=view.run.started_at)]
    if not fresh:
        return None
    item = fresh[-1]
    evidence = tuple(
        e.model_copy(update={"id": e.id.replace(e.step, step.id, 1), "step": step.id})
        for e in item.result.evidence
    )
    return item.result.model_copy(update={"step": step.id, "evidence": evidence})


def _contract(tool: str, dependencies: Dependencies) -> ToolContract | None:
    try:
        return dependencies.tools.get(tool).contract
    except NotFoundError:
        return None
