"""What tools cost: reserved before a call leaves, settled after it, counted from what is on record.

It stands under the same caps as the calls of models, and in the same ledger.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from ..errors import BudgetExceededError
from ..models.calling.budget import Budget, Grant
from ..state.results import StepResult, called
from ..state.run import Run
from ..state.usage import Usage, total
from ..stores.records import Cap
from ..tools.contract import ToolContract
from ..tools.outcome import ToolOutcome
from .dependencies import Dependencies
from .view import RunView

GRACE = 120.0
"""Seconds after a call's timeout when the reservation of a dead process counts as spent."""

NOT_CALLED = frozenset({"busy", "rate_limited", "credentials", "arguments", "not_found", "refused"})
"""Failures of calls that never left."""


async def hold(
    contract: ToolContract, run: Run, step: str, seconds: float, dependencies: Dependencies
) -> Grant:
    """Reserve what a call costs by its contract, under every cap of the run.

    Raises:
        BudgetExceededError: A cap has no room for it; names the cap. Nothing was called.
    """
    caps = dependencies.models.caps(run, step)
    grant = Grant(
        id=uuid.uuid4().hex,
        usd=contract.cost_usd,
        tokens=0,
        output_tokens=0,
        expires_at=dependencies.clock() + seconds + GRACE,
        caps=tuple(cap for cap in caps if cap.usd is not None),
    )
    if grant.caps and contract.cost_usd:
        refusal = await dependencies.store.budgets.reserve(
            grant.id,
            grant.caps,
            usd=contract.cost_usd,
            tokens=0,
            expires_at=grant.expires_at,
        )
        if refusal is not None:
            raise _exceeded(contract, refusal)
    return grant


async def settle(
    grant: Grant, contract: ToolContract, done: ToolOutcome | None, dependencies: Dependencies
) -> float:
    """Replace a reservation by what the call has cost, and return that in US dollars.

    A call that was cut off counts in full: the tool may have billed it.
    """
    budget = Budget(dependencies.store.budgets)
    if done is not None and (done.replayed or done.kind in NOT_CALLED):
        await budget.release(grant)
        return 0.0
    told = None if done is None else done.cost_usd
    usd = contract.cost_usd if told is None else told
    if not contract.cost_usd and not usd:
        return 0.0
    return (await budget.settle(grant, usd=usd, tokens=0)).usd or 0.0


async def history(
    run: Run, results: Mapping[str, StepResult], revised: bool, dependencies: Dependencies
) -> Mapping[str, StepResult]:
    """Return every outcome of the run, those that a revision has replaced included."""
    if not revised:
        return results
    on_record = await dependencies.store.journal.outcomes(run.id)
    return {f"{r.plan_version}/{r.step}": r for r in (*results.values(), *on_record)}


async def spent(
    view: RunView, outcomes: Mapping[str, StepResult], dependencies: Dependencies
) -> Usage:
    """Join what models cost, as the attempt log has it, with what tools cost."""
    models = await view.memory.usage(view.run.id, dependencies.models)
    return models + total(called(outcomes.values()))


def _exceeded(contract: ToolContract, cap: Cap) -> BudgetExceededError:
    return BudgetExceededError(
        f"The budget of {cap.scope} {cap.key} (${cap.usd:g}) leaves no room for {contract.name}, "
        f"which costs ${contract.cost_usd:g}.",
        where=f"budget {cap.scope} {cap.key}",
        fix="Raise the cap, or plan with fewer or cheaper tools.",
    )
