"""A compiled graph that says so when a decision comes and nothing waits.

LangGraph takes a resume value for a thread that has ended without a word. An approver whose
decision came too late, or went to the wrong thread, must hear of it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast

from langchain_core.runnables.config import ensure_config
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command, StateSnapshot

from ..errors import DecisionError, OperatorError, TaskError
from ..runs.background import end, wait_for
from ..runs.dependencies import Dependencies
from ..runs.late_decisions import with_late_decisions
from ..runs.lease import KEY, ThreadLease
from ..runs.listening import with_listeners
from ..runs.outer_graph import brings_checkpointer
from ..runs.thread import with_entry
from ..runs.view import RunView
from ..state.approval import RECORDED
from ..state.forks import is_inherited
from ..state.resume_value import check_resume_value

AnyGraph = CompiledStateGraph[Any, Any, Any, Any]


def resumable(graph: AnyGraph, dependencies: Dependencies | None = None) -> AnyGraph:
    """Have a compiled graph refuse decisions on nothing, and know what it was built from.

    LangGraph's builder makes its own class and no other, and a wrapper around it would not be the
    graph that servers look for; so the object changes its class, which adds methods and one field.
    """
    graph.__class__ = ResumableGraph
    cast("ResumableGraph", graph).dependencies = dependencies
    return graph


class ResumableGraph(CompiledStateGraph[Any, Any, Any, Any]):
    """LangGraph's compiled graph; `invoke` and `ainvoke` stream, so they are covered too."""

    def __init__(self, *, dependencies: Dependencies | None = None, **parts: Any) -> None:
        super().__init__(**parts)
        self.dependencies = dependencies
        """What it was built from. LangGraph hands attributes on to the copies of a graph."""

    def stream(self, input: Any, config: Any = None, **options: Any) -> Iterator[Any]:  # noqa: A002
        """Stream as LangGraph does.

        Raises:
            TaskError: There is a checkpointer and no thread.
            DecisionError: It decides on nothing that waits, or is no decision.
        """
        _check_process(self.checkpointer)
        _check_place(self, input, config)
        _check_resume(input)
        with self._held(config) as held:
            if _decides(input) and self.checkpointer:
                given, its_config = _handed_on(input, held, self.get_state(config))
            else:
                given, its_config = input, held
            yield from super().stream(given, self._observed(its_config, options), **options)

    async def astream(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        input: Any,  # noqa: A002 - LangGraph's name
        config: Any = None,
        **options: Any,
    ) -> AsyncIterator[Any]:
        """Stream as LangGraph does.

        Raises:
            TaskError: There is a checkpointer and no thread.
            DecisionError: It decides on nothing that waits, or is no decision.
        """
        _check_process(self.checkpointer)
        _check_place(self, input, config)
        _check_resume(input)
        async with self._aheld(config) as held:
            if _decides(input) and self.checkpointer:
                given, its_config = _handed_on(input, held, await self.aget_state(config))
            else:
                given, its_config = input, held
            async for part in super().astream(
                given, self._observed(its_config, options), **options
            ):
                yield part

    @contextmanager
    def _held(self, config: Any) -> Generator[Any, None, None]:
        """Hold the thread for a run, and return its config."""
        if (lease := self._lease()) is None:
            yield config
            return
        run, failed = wait_for(lease.enter([self.config, config])), True
        try:
            yield with_entry(config, KEY, value=run)
            failed = False
        finally:
            end(lease.leave(run, failed=failed))

    @asynccontextmanager
    async def _aheld(self, config: Any) -> AsyncGenerator[Any, None]:
        if (lease := self._lease()) is None:
            yield config
            return
        run, failed = await lease.enter([self.config, config]), True
        try:
            yield with_entry(config, KEY, value=run)
            failed = False
        finally:
            await lease.leave(run, failed=failed)

    def _lease(self) -> ThreadLease | None:
        known = self.dependencies
        return known and ThreadLease(known.store.leases, known.switches, known.clock)

    def _observed(self, config: Any, options: dict[str, Any]) -> Any:
        """Return the config with who listens, and with what a tracer may see."""
        told = with_listeners(config, options.get("stream_mode") or self.stream_mode)
        return self.dependencies.uploads.with_tracer(told) if self.dependencies else told


def _check_process(checkpointer: object) -> None:
    """Refuse a connection that a fork shares with the parent: it would hang, or damage the file."""
    if is_inherited(checkpointer) and not isinstance(checkpointer, InMemorySaver):
        raise OperatorError(
            "This process was forked after its checkpointer was opened, which cannot be shared.",
            where=type(checkpointer).__name__,
            fix="Open the checkpointer and build the agent in the child process.",
        )


def _check_place(graph: AnyGraph, given: Any, config: Any) -> None:
    """Say what is missing of a checkpointer and a thread; LangGraph's own errors do not."""
    if isinstance(graph.checkpointer, BaseCheckpointSaver):
        # A config may also be bound to the graph, or come from the graph that this one is part of.
        known = [*(graph.config, config), ensure_config()]
        if not any((c or {}).get("configurable", {}).get("thread_id") for c in known):
            raise TaskError(
                "It does not say in which thread.",
                where="config.configurable.thread_id",
                fix='Add {"configurable": {"thread_id": "…"}} as the config: the same id for the '
                "turns of a conversation and for decisions, a new one for a new conversation.",
            )
    elif not graph.checkpointer and _decides(given) and not brings_checkpointer(config):
        raise DecisionError(
            "Without a checkpointer nothing waits for a decision.",
            where="checkpointer",
            fix="Build the agent with one, such as build_agent(settings, checkpointer=…), and name "
            "the thread when you ask and when you decide.",
        )


def _check_resume(given: Any) -> None:
    """Refuse what LangGraph could not write down, and a command that says nothing."""
    if _decides(given) or (isinstance(given, Command) and given == Command()):
        check_resume_value(given.resume)


def _decides(given: Any) -> bool:
    return isinstance(given, Command) and given.resume is not None


def _handed_on(given: Command[Any], config: Any, snapshot: StateSnapshot) -> tuple[Any, Any]:
    """Return input and config by which the decision reaches who waits for it.

    A run that was cut off between a decision and its effect waits for nobody, and a newer decision
    counts all the same.
    """
    if snapshot.interrupts or "gate" in snapshot.next:
        return given, config
    if snapshot.next and given.resume == RECORDED:
        return None, config
    if snapshot.next:
        late = with_late_decisions(config, given.resume, RunView(snapshot.values).results)
        if late is not None:
            return None, late
    thread = (config or {}).get("configurable", {}).get("thread_id", "")
    raise DecisionError(
        "It is not waiting for a decision; nothing was done.",
        where=f"thread {thread}".strip(),
        fix="Send it a task, invoke it with None if it was cut off, or name the thread that waits.",
    )
