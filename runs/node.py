"""From an async function to a graph node that works under `invoke` and `ainvoke` alike.

LangGraph refuses `invoke` on a graph of async-only nodes. Here the synchronous side hands the same
coroutine to one background event loop of the process, so there is one implementation, clients keep
their connections between calls, and a synchronous checkpointer works as LangGraph's users expect.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from langchain_core.runnables import Runnable, RunnableLambda
from langgraph.runtime import Runtime, get_runtime

from ..state.context import AgentContext
from .dependencies import Dependencies
from .lease import ThreadLease

NodeFunction = Callable[[Any, Runtime[AgentContext], Dependencies], Awaitable[Any]]


@cache
def background_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop that serves synchronous callers, started on first use."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="pointsman-loop", daemon=True).start()
    return loop


def as_node(
    function: NodeFunction, dependencies: Dependencies, *, last: bool = False
) -> Runnable[Any, Any]:
    """Bind a node function to its dependencies, callable both ways and under its thread's lease.

    Args:
        function: What the node does.
        dependencies: What it is bound to.
        last: Whether a run ends with this node.
    """
    lease = ThreadLease(dependencies.store.leases, dependencies.clock)

    async def call_async(state: Any) -> Any:
        runtime = _runtime()
        async with lease.working(runtime, last=last):
            return await function(state, runtime, dependencies)

    def call_sync(state: Any) -> Any:
        future = asyncio.run_coroutine_threadsafe(call_async(state), background_loop())
        try:
            return future.result()
        except BaseException:
            # The caller was interrupted (Ctrl-C, a cancelled sibling): the work must not go on.
            future.cancel()
            raise

    return RunnableLambda(call_sync, call_async, name=function.__name__)


def _runtime() -> Runtime[AgentContext]:
    runtime = get_runtime(AgentContext)
    # LangGraph passes None where the caller gave no context.
    return runtime if runtime.context else runtime.override(context=AgentContext())
