"""Observed: steps, and the tools that they call, as runs of LangChain's tracers.

LangGraph traces its nodes, and LangChain's models trace themselves. What a lane does for a step is
told here, so that Studio, LangSmith and evaluators of trajectories find a tool call as a `tool` run
and a model call as an `llm` run under the step they are of.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from langchain_core.runnables.config import (
    ensure_config,
    get_async_callback_manager_for_config,
    patch_config,
    var_child_runnable_config,
)
from langgraph.runtime import Runtime

from ..errors import ToolError
from ..state.context import AgentContext
from ..state.results import StepResult
from ..state.values import JsonObject, canonical_json
from ..state.verdict import ActOutcome
from .events import emit
from .step import Current


@asynccontextmanager
async def observed(name: str, told: JsonObject) -> AsyncGenerator[None]:
    """Trace what is done within as a run of that name; runs of calls made within are its children.

    Args:
        name: What tracers show in every list: no place for anybody's data.
        told: Its inputs, which tracers mask or hide where they are told to.
    """
    config = ensure_config()
    manager = get_async_callback_manager_for_config(config)
    run = await manager.on_chain_start(None, told, name=name)
    token = var_child_runnable_config.set(patch_config(config, callbacks=run.get_child()))
    try:
        yield
    except BaseException as error:
        await run.on_chain_error(error)
        raise
    else:
        await run.on_chain_end({})
    finally:
        var_child_runnable_config.reset(token)


def observed_step(current: Current) -> AbstractAsyncContextManager[None]:
    """Trace what is done for a step as a run of its name."""
    step = current.step
    told: JsonObject = {"kind": step.kind, "goal": step.goal, "attempt": current.attempt}
    return observed(f"step {step.id}", told)


async def observed_skip(result: StepResult, node: str, runtime: Runtime[AgentContext]) -> None:
    """Tell, and trace beside the steps that have run, that one was left out, and why."""
    emit(runtime, "step_skipped", node=node, step=result.step, why=result.reason)
    async with observed(f"step {result.step} skipped", {"because": result.reason}):
        pass


@asynccontextmanager
async def observed_tool(name: str, args: JsonObject) -> AsyncGenerator[list[ActOutcome]]:
    """Trace a tool call; the caller leaves its outcome in the list."""
    manager = get_async_callback_manager_for_config(ensure_config())
    run = await manager.on_tool_start({"name": name}, canonical_json(args), inputs=args, name=name)
    outcome: list[ActOutcome] = []
    try:
        yield outcome
    except BaseException as error:
        await run.on_tool_error(error)
        raise
    failure = outcome[0].failure if outcome else None
    if failure is None:
        await run.on_tool_end(outcome[0].output if outcome else None)
    else:
        await run.on_tool_error(ToolError(failure.message, where=name))
