"""From a function on a typed view to a graph node that works under `invoke` and `ainvoke` alike.

A node gets a view of the state and returns a typed update, which is packed here. The same goes for
edges, which only read.

LangGraph refuses `invoke` on a graph of async-only nodes. Here the synchronous side hands the same
coroutine to one background event loop of the process, so there is one implementation, clients keep
their connections between calls, and a synchronous checkpointer works as LangGraph's users expect.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import ensure_config, set_config_context
from langgraph.runtime import Runtime, get_runtime

from ..state.context import AgentContext
from .background import wait_for
from .dependencies import Dependencies
from .lease import ThreadLease, memory_of
from .memory import RunMemory

V = TypeVar("V")
V_contra = TypeVar("V_contra", contravariant=True)


class Update(Protocol[V_contra]):
    """What a node of views of that kind returns."""

    def pack(self, view: V_contra) -> dict[str, Any]:
        """Return the channels to write."""
        ...


NodeFunction = Callable[[V, Runtime[AgentContext], Dependencies], Awaitable[Update[V]]]


def as_node(
    function: NodeFunction[V],
    view: Callable[[Any, RunMemory], V],
    dependencies: Dependencies,
) -> Runnable[Any, Any]:
    """Bind a node function to its dependencies, callable both ways and under its thread's lease.

    Args:
        function: What the node does.
        view: How it sees the state.
        dependencies: What it is bound to.
    """
    lease = ThreadLease(dependencies.store.leases, dependencies.switches, dependencies.clock)

    async def call_async(state: Any) -> Any:
        runtime = _runtime()
        async with lease.working(runtime) as memory:
            seen = view(state, memory)
            return (await function(seen, runtime, dependencies)).pack(seen)

    return BothWays(call_async, name=function.__name__)


class BothWays(Runnable[Any, Any]):
    """A coroutine function, callable from synchronous code too.

    LangGraph traces the node that it is in; `RunnableLambda` would trace it once more.

    Args:
        function: What it calls.
        name: Its name.
    """

    def __init__(self, function: Callable[[Any], Awaitable[Any]], *, name: str) -> None:
        self._function = function
        self.name = name

    def invoke(
        self,
        input: Any,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **options: Any,
    ) -> Any:
        """Call it on the background loop, and block."""
        return wait_for(self.ainvoke(input, config, **options))

    async def ainvoke(
        self,
        input: Any,  # noqa: A002
        config: RunnableConfig | None = None,
        **options: Any,
    ) -> Any:
        """Call it; the configuration is that of the node, which LangGraph has set."""
        del config, options
        return await self._function(input)


def as_edge(
    function: Callable[[V], Any], view: Callable[[Any, RunMemory], V]
) -> Runnable[Any, Any]:
    """Have an edge see the state as the nodes do; LangGraph would call a function in a thread."""
    return Edge(function, view)


class Edge(Runnable[Any, Any]):
    """A function that decides where a run goes on, on the loop and without a trace of its own.

    Args:
        function: What decides.
        view: How it sees the state.
    """

    def __init__(self, function: Callable[[V], Any], view: Callable[[Any, RunMemory], V]) -> None:
        self._function: Callable[[Any], Any] = function
        self._view: Callable[[Any, RunMemory], Any] = view
        self.name = function.__name__

    def invoke(
        self,
        input: Any,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **options: Any,
    ) -> Any:
        """Decide by the state."""
        del options
        # LangGraph hands an edge its configuration, and sets it for functions only.
        with set_config_context(ensure_config(config)) as context:
            return context.run(self._decide, input)

    def _decide(self, state: Any) -> Any:
        runtime = get_runtime(AgentContext)
        # A state that is edited from outside, as in Studio, passes its edge outside of a run.
        return self._function(self._view(state, memory_of(runtime) if runtime else RunMemory()))

    async def ainvoke(
        self,
        input: Any,  # noqa: A002
        config: RunnableConfig | None = None,
        **options: Any,
    ) -> Any:
        """Decide by the state; it waits for nothing."""
        return self.invoke(input, config, **options)


def _runtime() -> Runtime[AgentContext]:
    runtime = get_runtime(AgentContext)
    # LangGraph passes None where the caller gave no context.
    return runtime if runtime.context else runtime.override(context=AgentContext())
