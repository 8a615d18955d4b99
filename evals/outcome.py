"""RunOutcome: what one run did and said, as evaluators read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import NotFoundError
from ..runs.dependencies import Dependencies
from ..runs.evidence import collect
from ..runs.view import RunView
from ..state.answer import Answer
from ..state.answering import Evidenced
from ..state.plan import Plan, Step
from ..state.references import Reference, at_path, resolve
from ..state.results import StepResult
from ..state.run import Stop
from ..state.usage import Usage
from ..state.values import Json, JsonObject, Record


class AcceptedCall(Record):
    """A tool call whose result was accepted."""

    step: str
    tool: str
    args: JsonObject = {}
    """As the tool got them."""


class RunOutcome(Record):
    """What one run did and said."""

    answer: Answer
    planner: str = ""
    calls: tuple[AcceptedCall, ...] = ()
    """In plan order."""
    asked: tuple[str, ...] = ()
    """Tools put before a person, in the order of asking."""
    performed: tuple[str, ...] = ()
    """Tools whose effects other than reading happened, as the ledger has it."""
    evidence: dict[str, str] = {}
    """Evidence id → source and full text."""
    notices: tuple[str, ...] = ()
    """What the run itself said of failed, declined and skipped steps and of its stop."""
    stop: Stop | None = None
    usage: Usage = Usage()
    seconds: float = 0.0


async def read_outcome(
    values: Mapping[str, Any], asked: Sequence[str], seconds: float, dependencies: Dependencies
) -> RunOutcome:
    """Read a finished run from its state and from the ledger."""
    view = RunView(values)
    plan, results, stop = view.plan, view.results, view.stop
    if view.answer is None:
        raise NotFoundError(
            "It has no answer.", where=f"run {view.run.id}", fix="Let the run come to its end."
        )
    evidence = await collect(results, dependencies.store.payloads)
    effects = await dependencies.store.effects.of_run(view.run.id)
    return RunOutcome(
        answer=view.answer,
        planner=plan.planner,
        calls=accepted_calls(plan, results, evidence),
        asked=tuple(asked),
        performed=tuple(
            e.claim.tool for e in effects if e.state == "done" and e.claim.effect != "read"
        ),
        evidence={id_: f"{e.evidence.source} {e.text}" for id_, e in evidence.items()},
        notices=_notices(results, stop),
        stop=stop,
        usage=view.usage,
        seconds=seconds,
    )


def accepted_calls(
    plan: Plan, results: Mapping[str, StepResult], evidence: Mapping[str, Evidenced]
) -> tuple[AcceptedCall, ...]:
    """Return the calls whose result was accepted, with the arguments that the tool got."""
    outputs = {item.evidence.step: item.output for item in evidence.values()}
    return tuple(
        AcceptedCall(step=step.id, tool=step.tool, args=_args(step, result, outputs))
        for step in plan.steps
        if step.kind == "tool" and (result := results.get(step.id)) and result.status == "accepted"
    )


def _args(step: Step, result: StepResult, outputs: Mapping[str, Json]) -> JsonObject:
    if result.approval is not None:
        return result.approval.args

    def lookup(reference: Reference) -> Json:
        if reference.attachment:
            return {"$attachment": reference.attachment}
        return at_path(outputs[reference.step], reference.path)

    return resolve(step.args, lookup)


def _notices(results: Mapping[str, StepResult], stop: Stop | None) -> tuple[str, ...]:
    failures = [result.failure.message for result in results.values() if result.failure]
    return tuple([*failures, stop.detail] if stop else failures)
