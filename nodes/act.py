"""act: perform the current step once, through the effects ledger or the model gateway."""

from __future__ import annotations

import time
from typing import Any

from langgraph.runtime import Runtime

from ..runs.dependencies import Dependencies
from ..runs.step import load
from ..state.agent import LaneState, read
from ..state.context import AgentContext
from ..state.verdict import ActOutcome
from .act_model import ask_model, draft_from_inputs
from .act_tool import call_tool
from .routed import Route


async def act(
    state: LaneState, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> dict[str, Any]:
    """Run the step as `route` decided, and bring back what happened, whatever it was."""
    route = Route.from_json(read(state, "route"))
    current = await load(state, dependencies.store.payloads)
    started = time.monotonic()
    match route.action:
        case "tool":
            outcome = await call_tool(current, route, dependencies)
        case "model":
            outcome = await ask_model(current, route, runtime, dependencies)
        case "extract":
            outcome = draft_from_inputs(current, route)
    seconds = round(time.monotonic() - started, 4)
    return {"outcome": _labelled(outcome).model_copy(update={"seconds": seconds}).to_json()}


def _labelled(outcome: ActOutcome) -> ActOutcome:
    """Mark the evidence of what untrusted text flowed into, whoever produced it.

    A trusted tool repeats its arguments, and a model the files that it read.
    """
    if not outcome.taint:
        return outcome
    marked = (e.model_copy(update={"trust": "untrusted"}) for e in outcome.evidence)
    return outcome.model_copy(update={"evidence": tuple(marked)})
