"""One call of a tool, under every cap of the run."""

from __future__ import annotations

from ...finishing import to_the_end
from ...state.values import JsonObject
from ...tools.outcome import ToolOutcome
from ..dependencies import Dependencies
from ..spending import hold, settle
from ..step import Current


async def paid_call(
    current: Current,
    args: JsonObject,
    dependencies: Dependencies,
    *,
    again: str = "",
    grant: str = "",
    look: str = "",
) -> tuple[ToolOutcome, float]:
    """Reserve what the call costs, make it, and settle; return also the US dollars settled.

    Args:
        current: The step whose tool is called.
        args: The arguments.
        dependencies: Tools, store and clock.
        again: The approval by which a person lets an equal call happen once more.
        grant: The grant under which the call is made; it takes one of its uses.
        look: For a look of its own at what was looked at before: what tells the two apart.

    Raises:
        BudgetExceededError: A cap has no room for the call, which was not made.
    """
    step, run = current.step, current.run
    contract = dependencies.tools.get(step.tool).contract
    seconds = current.seconds(step.timeout or contract.timeout, now=dependencies.clock())
    # What is on record is read before this call can be on it.
    await current.memory.spent_on_tools(run.id, dependencies.store.journal)
    held = await hold(contract, run, step.id, seconds, dependencies)
    try:
        done = await dependencies.tools.call(
            step.tool,
            args,
            run=run,
            step=f"{step.id}@{look}" if look else step.id,
            attempt=current.attempt,
            timeout=seconds,
            again=again,
            grant=grant,
        )
    except BaseException:
        await to_the_end(settle(held, contract, None, dependencies))
        raise
    usd = await to_the_end(settle(held, contract, done, dependencies))
    if usd:
        await current.memory.tool_was_paid(run.id, usd, dependencies.store.journal)
    return done, usd
