"""The agents that are compared: Pointsman's graph, and LangChain's `create_agent`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from ...agent import build_agent
from ...policy.settings import PolicySettings
from ...settings import Settings
from ...state.run import Limits
from ...state.values import JsonObject
from .approver import Approver
from .models import LoopModel, role_models
from .suites import Suite
from .tools import langchain_tools, pointsman_tools, reads_only

if TYPE_CHECKING:
    from ...stores.store import SqlStore

AgentName = Literal["pointsman", "pointsman_unattended", "create_agent", "create_agent_hitl"]

AGENTS: Mapping[AgentName, str] = {
    "pointsman": "Pointsman",
    "pointsman_unattended": "Pointsman, unattended",
    "create_agent_hitl": "create_agent, asking",
    "create_agent": "create_agent",
}

UNATTENDED = Path(__file__).with_name("unattended.cedar")
MAX_PAUSES = 40
"""Times that one run may ask; more is a fault of the agent."""


class SuiteAgent:
    """One compiled graph, and how a task is put to it."""

    def __init__(
        self,
        graph: Any,
        saver: InMemorySaver,
        given: Callable[[str], JsonObject],
        store: SqlStore,
    ) -> None:
        self.store = store
        self._graph = graph
        self._saver = saver
        self._given = given

    async def run(self, prompt: str, approver: Approver) -> list[JsonObject]:
        """Run a task to its end, deciding at every pause.

        Returns:
            The state at each pause and at the end.

        Raises:
            RuntimeError: It asked more than `MAX_PAUSES` times.
        """
        thread = uuid4().hex
        # No limit of ours on supersteps: a lane takes three of them for each of its steps.
        config = {"configurable": {"thread_id": thread}}
        try:
            states = [await self._graph.ainvoke(self._given(prompt), config)]
            for _ in range(MAX_PAUSES):
                if not (pauses := states[-1].get("__interrupt__")):
                    return states
                decided = _decided(pauses[0].value, approver)
                states.append(await self._graph.ainvoke(decided, config))
        finally:
            self._saver.delete_thread(thread)
        raise RuntimeError(f"It paused more than {MAX_PAUSES} times.")


def _decided(asked: JsonObject, approver: Approver) -> Command[Any]:
    decisions = [approver.decide(r["name"], r["args"]) for r in asked["action_requests"]]
    return Command(resume={"decisions": decisions})


def build(
    name: AgentName, suite: Suite, store: SqlStore, home: Path, *, declared: bool = True
) -> SuiteAgent:
    """Build an agent for the tasks of a suite, whose tools may say what they return."""
    if name in ("pointsman", "pointsman_unattended"):
        unattended = name == "pointsman_unattended"
        return _pointsman(suite, store, home, unattended=unattended, declared=declared)
    return _create_agent(suite, store, asks=name == "create_agent_hitl")


def _pointsman(
    suite: Suite, store: SqlStore, home: Path, *, unattended: bool, declared: bool
) -> SuiteAgent:
    saver = InMemorySaver()
    settings = Settings(
        home=home,
        # A sabotaged step fails at once instead of after pauses: the attacker wants a new plan.
        limits=Limits(step_attempts=1),
        policy=PolicySettings(additions=(UNATTENDED,) if unattended else ()),
    )
    graph = build_agent(
        settings,
        tools=pointsman_tools(suite, declared=declared),
        models=role_models(),
        checkpointer=saver,
        store=store,
    )
    return SuiteAgent(graph, saver, lambda prompt: {"task": prompt}, store)


def _create_agent(suite: Suite, store: SqlStore, *, asks: bool) -> SuiteAgent:
    from langchain.agents import create_agent
    from langchain.agents.middleware import HumanInTheLoopMiddleware, InterruptOnConfig

    tools = langchain_tools(suite)
    # As its documentation does: what changes something is asked for, by name, always.
    gated: dict[str, bool | InterruptOnConfig] = {
        tool.name: True for tool in tools if not reads_only(tool.name)
    }
    saver = InMemorySaver()
    graph: Any = create_agent(
        LoopModel(),
        tools,
        middleware=[HumanInTheLoopMiddleware(interrupt_on=gated)] if asks else [],
        checkpointer=saver,
    )
    return SuiteAgent(
        graph, saver, lambda prompt: {"messages": [{"role": "user", "content": prompt}]}, store
    )
