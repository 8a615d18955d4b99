"""Tracers: nodes once, steps by name, tool calls as `tool` runs and model calls as `llm` runs."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.tracers.base import BaseTracer
from langchain_core.tracers.schemas import Run

from pointsman.testing import ScriptedModel


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


class Collected(BaseTracer):
    """Keeps the tree of a run, as LangSmith would get it."""

    def __init__(self) -> None:
        super().__init__()
        self.root: Run | None = None

    def _persist_run(self, run: Run) -> None:
        self.root = run

    def every(self) -> list[tuple[str, Run]]:
        """Return all runs, each with the name of its parent."""
        found: list[tuple[str, Run]] = []
        pending = [("", self.root)]
        while pending:
            parent, run = pending.pop()
            if run is not None:
                found.append((parent, run))
                pending += [(run.name, child) for child in run.child_runs]
        return found


def kinds(tracer: Collected) -> list[tuple[str, str, str]]:
    """Return parent, name and type of each run below the nodes."""
    kinds = ("tool", "llm", "chat_model")
    return [(p, run.name, run.run_type) for p, run in tracer.every() if run.run_type in kinds]


PLAN = {
    "reason": "because",
    "steps": [
        {"id": "order", "kind": "tool", "tool": "look", "args": {"item": "A"}},
        {
            "id": "judge",
            "kind": "reason",
            "prompt": "Is it much?",
            "args": {"total": {"$from": "order", "path": "total"}},
        },
    ],
}
JUDGED = {"text": "The total is 49.9."}


async def test_a_trajectory_reads_as_tools_and_models(bench: Any, w: Any) -> None:
    """Each call stands under the step that it is of, with its arguments and its output."""
    tracer = Collected()
    agent = bench.agent(
        PLAN,
        models={
            "reasoner": ScriptedModel(replies=[JUDGED]),
            "generator": ScriptedModel(replies=[{"sentences": []}]),
        },
    )

    await agent.ainvoke({"task": "Is A much?"}, {**w.thread(), "callbacks": [tracer]})

    found = kinds(tracer)
    assert ("step order", "look", "tool") in found
    [call] = [run for _, run in tracer.every() if run.run_type == "tool"]
    assert call.inputs["item"] == "A"
    assert "49.9" in str(call.outputs)
    models = [parent for parent, _, kind in found if kind != "tool"]
    assert sorted(models) == ["plan", "step judge", "synthesize"]


async def test_every_node_is_one_run(bench: Any, w: Any) -> None:
    """A node is not traced a second time by what it is made of."""
    tracer = Collected()
    agent = bench.agent(w.plan(w.step("order", "look", item="A")))

    await agent.ainvoke({"task": "Look up A"}, {**w.thread(), "callbacks": [tracer]})

    names = [run.name for _, run in tracer.every()]
    once = ("normalize", "route", "act", "verify", "synthesize", "step order", "look")
    assert {name: names.count(name) for name in once} == dict.fromkeys(once, 1)


LATER: dict[str, Any] = {
    "steps": "seen = look(item='A')\nif seen.total > 100: more = look(item='B')"
}


async def test_conditions_items_and_looks_have_runs_of_their_names(bench: Any, w: Any) -> None:
    """Whoever reads the trace sees what was left out and why, and what a second look asked."""
    tracer = Collected()
    first = {**LATER, "then_plan": "which of them to look at"}
    read = w.step("read", "look", item={"$": "item.name"})
    people = "[{'name': 'ann'}, {'name': 'bob'}]"
    loop = {"items": people, "key": "item.name", "steps": [read]}
    agent = bench.agent(first, w.plan({"id": "rest", "kind": "each", "for_each": loop}))

    await agent.ainvoke({"task": "Look"}, {**w.thread(), "callbacks": [tracer]})

    runs = {run.name: (parent, run) for parent, run in tracer.every()}
    assert {"step seen", "step read[ann]", "step read[bob]"} <= runs.keys()
    assert "seen.total" in runs["step more skipped"][1].inputs["because"]
    assert runs["look 1"][0] == "revise"
    assert runs["look 1"][1].inputs["asked"] == "which of them to look at"


async def test_the_plan_is_drawn_while_it_runs(bench: Any, w: Any) -> None:
    """Each event has the whole drawing, so that a page only has to show the last one."""
    agent = bench.agent(LATER)

    told = [
        event
        async for _, event in agent.astream(
            {"task": "Look"}, w.thread(), stream_mode="custom", subgraphs=True
        )
    ]

    first, *_, last = [event["drawing"] for event in told if event["event"] == "drawn"]
    assert 'step_seen["seen: look"]' in first
    assert 'step_seen["seen: look<br/>accepted"]' in last
    [skipped] = [event for event in told if event["event"] == "step_skipped"]
    assert skipped["step"] == "more"
    assert "seen.total" in skipped["why"]


async def test_a_failed_call_is_a_failed_run(bench: Any, w: Any) -> None:
    """An evaluator sees what went wrong without reading our state."""
    tracer = Collected()
    agent = bench.agent(w.plan(w.step("a", "broken")), limits={"max_revisions": 0})

    await agent.ainvoke({"task": "Try"}, {**w.thread(), "callbacks": [tracer]})

    errors = [run.error for _, run in tracer.every() if run.run_type == "tool"]
    assert errors
    assert all("The line is down." in str(error) for error in errors)


def test_synchronous_callers_are_traced_alike(bench: Any, w: Any) -> None:
    """The configuration crosses the thread of the background loop."""
    tracer = Collected()
    agent = bench.agent(w.plan(w.step("order", "look", item="A")))

    agent.invoke({"task": "Look up A"}, {**w.thread(), "callbacks": [tracer]})

    assert ("step order", "look", "tool") in kinds(tracer)
