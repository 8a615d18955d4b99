"""Several planners, asked in order."""

from __future__ import annotations

from collections.abc import Sequence

from ..state.plan import Plan
from ..state.provenance import union
from .protocols import Declined, Planner, PlanRequest


class OrderedPlanners:
    """The first planner that does not decline makes the plan; cheap and fixed ones go first."""

    def __init__(self, planners: Sequence[Planner]) -> None:
        self._planners = tuple(planners)

    async def plan(self, request: PlanRequest) -> Plan | Declined:
        """Return the first plan, or one refusal that joins all reasons."""
        refusals: list[Declined] = []
        for planner in self._planners:
            made = await planner.plan(request)
            if isinstance(made, Plan):
                return made
            refusals.append(made)
        if len(refusals) == 1:
            return refusals[0]
        return Declined(
            planner="+".join(r.planner for r in refusals),
            reason=" ".join(r.reason for r in refusals) or "No planner is configured.",
            missing=tuple(m for r in refusals for m in r.missing),
            can_do=tuple(line for r in refusals for line in r.can_do),
            taint=union(r.taint for r in refusals),
            said=next((r.said for r in refusals if r.said), ""),
            trouble=any(r.trouble for r in refusals),
        )
