"""Facts: what policy is told about one call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..policy.facts import CallFacts
from ..state.plan import Plan
from ..state.provenance import union
from ..state.references import chosen_places
from ..state.run import Run
from ..state.values import JsonObject
from .dependencies import Dependencies
from .memory import RunMemory
from .step import Current


async def call_facts(
    run: Run,
    plan: Plan,
    tool: str,
    args: JsonObject,
    provenance: Mapping[str, tuple[str, ...]],
    dependencies: Dependencies,
    *,
    memory: RunMemory,
    control: tuple[str, ...] = (),
    chosen: Iterable[str] = (),
    readers: Mapping[str, tuple[str, ...]] | None = None,
    confidence: float | None = None,
) -> CallFacts:
    """Gather what policy may know about a call, switches and spend as they are now.

    `control` are the untrusted sources that decided, beside the plan, that the call is made;
    `chosen` the paths of arguments that are one of several values; `readers` says who may read
    which argument, where not everybody may.
    """
    usage = await memory.usage(run.id, dependencies.models)
    on_tools = await memory.spent_on_tools(run.id, dependencies.store.journal)
    switches = await dependencies.switches.snapshot()
    return CallFacts(
        principal=run.principal,
        tool=tool,
        args=args,
        taint=union([plan.taint, control]),
        tainted_args=dict(provenance),
        chosen=tuple(sorted(chosen)),
        readers=dict(readers or {}),
        confidence=confidence,
        spent_usd=(usage.usd or 0.0) + on_tools,
        environment=dependencies.settings.policy.environment,
        allowed_tools=plan.tools,
        ask_always=run.autonomy == "ask_always",
        task=plan.planner,
        frozen=switches.frozen_tool(tool) is not None,
    )


async def step_facts(
    current: Current,
    args: JsonObject,
    provenance: Mapping[str, tuple[str, ...]],
    dependencies: Dependencies,
) -> CallFacts:
    """Gather the facts of a lane's current step, with how sure the models behind it were."""
    return await call_facts(
        current.run,
        current.plan,
        current.step.tool,
        args,
        provenance,
        dependencies,
        memory=current.memory,
        control=current.control(),
        chosen=chosen_places(current.step.args),
        readers=current.argument_readers(),
        confidence=current.confidence,
    )
