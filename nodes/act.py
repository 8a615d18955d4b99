"""act: perform the current step once, through the effects ledger or the model gateway."""

from __future__ import annotations

import time

from langgraph.runtime import Runtime

from ..runs.audited import audited_call
from ..runs.dependencies import Dependencies
from ..runs.lane_view import LaneView, Performed
from ..runs.observed import observed_step, observed_tool
from ..runs.readers import readers_of
from ..runs.step import load
from ..runs.steps.model_call import ask_model, draft_from_inputs
from ..runs.steps.tool_call import call_tool
from ..state.context import AgentContext
from ..state.verdict import ActOutcome


async def act(
    view: LaneView, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> Performed:
    """Run the step as `route` decided, and bring back what happened, whatever it was."""
    route = view.route
    current = await load(view, dependencies.store.payloads)
    started = time.monotonic()
    async with observed_step(current):
        match route.action:
            case "tool":
                async with observed_tool(current.step.tool, route.args) as call:
                    outcome = await call_tool(current, route, dependencies)
                    call.append(outcome)
                await audited_call(current.step, outcome, current.run, dependencies)
            case "model":
                outcome = await ask_model(current, route, runtime, dependencies)
            case "extract":
                outcome = draft_from_inputs(current, route)
    told = {
        "seconds": round(time.monotonic() - started, 4),
        "readers": readers_of(current, route, outcome, dependencies),
    }
    return Performed(outcome=_labelled(outcome).model_copy(update=told))


def _labelled(outcome: ActOutcome) -> ActOutcome:
    """Mark the evidence of what untrusted text flowed into, whoever produced it.

    A trusted tool repeats its arguments, and a model the files that it read.
    """
    if not outcome.taint:
        return outcome
    marked = (e.model_copy(update={"trust": "untrusted"}) for e in outcome.evidence)
    return outcome.model_copy(update={"evidence": tuple(marked)})
