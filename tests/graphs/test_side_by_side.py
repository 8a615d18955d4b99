"""Lanes run side by side: a step starts when its own inputs are there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig

from pointsman import tool
from pointsman.errors import StoreError, ToolError

APPROVE = {"type": "approve"}
SOON = 20.0
"""Seconds that a test waits for what must happen at once; only a fault lets it take as long."""


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


class Meeting:
    """Tools that note their calls; `meet` ends only when a second call of it has come."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._came = 0

    def tools(self) -> list[Any]:
        """Return the tools."""

        @tool(effect="read", trust="internal")
        async def note(name: str, before: list[str] | None = None) -> dict[str, Any]:
            """Note a call."""
            self.calls.append(name)
            return {"name": name, "before": before or []}

        @tool(effect="read", trust="internal", max_attempts=1, timeout=SOON)
        async def meet(name: str, before: list[str] | None = None) -> dict[str, Any]:
            """Wait for another call of this tool."""
            self._came += 1
            while self._came < 2:
                await asyncio.sleep(0.01)
            self.calls.append(name)
            return {"name": name, "before": before or []}

        @tool(effect="read", trust="internal", max_attempts=1)
        async def fail(name: str, before: list[str] | None = None) -> dict[str, Any]:
            """Fail for good."""
            self.calls.append(name)
            raise ToolError(f"{name} cannot be done, after {before}.")

        return [note, meet, fail]


def named(w: Any, id_: str, tool_: str, *needs: str, **fields: Any) -> Any:
    """Return a step that uses the names of others."""
    before = [w.ref(need, "name") for need in needs]
    return {**w.step(id_, tool_, name=id_, **({"before": before} if needs else {})), **fields}


def statuses(out: Any) -> dict[str, str]:
    """Return the status of each step."""
    return {name: result["status"] for name, result in out["results"].items()}


async def test_the_branches_of_a_fork_run_at_the_same_time(bench: Any, w: Any) -> None:
    """The second does not wait for the superstep in which the step before the fork ran."""
    meeting = Meeting()
    plan = w.plan(named(w, "s", "note"), named(w, "l", "meet", "s"), named(w, "r", "meet", "s"))
    agent = bench.agent(plan, tools=meeting.tools())

    out = await agent.ainvoke({"task": "look"}, w.thread())

    assert statuses(out) == {"s": "accepted", "l": "accepted", "r": "accepted"}
    assert out["results"]["r"]["output"]["before"] == ["s"]


async def test_a_step_does_not_wait_for_a_slower_lane(bench: Any, w: Any) -> None:
    """What joins two lanes runs while a third, which it does not need, still works."""
    meeting = Meeting()
    plan = w.plan(
        named(w, "slow", "meet"),
        named(w, "a", "note"),
        named(w, "b", "note"),
        named(w, "joined", "meet", "a", "b"),
    )
    agent = bench.agent(plan, tools=meeting.tools())

    out = await agent.ainvoke({"task": "look"}, w.thread())

    assert statuses(out)["slow"] == "accepted"
    assert out["results"]["joined"]["output"]["before"] == ["a", "b"]


DIAMONDS = {
    "s": (),
    "l": ("s",),
    "r": ("s",),
    "t": ("l", "r"),
    "u": ("t", "s"),
    "v": ("r", "u"),
    "x": ("l",),
}


@pytest.mark.parametrize("most", [1, 2, None])
async def test_a_limit_on_concurrency_stops_nobody(bench: Any, w: Any, most: int | None) -> None:
    """No lane waits for one that the limit keeps from starting."""
    meeting = Meeting()
    plan = w.plan(*(named(w, id_, "note", *needs) for id_, needs in DIAMONDS.items()))
    agent = bench.agent(plan, tools=meeting.tools())
    config: RunnableConfig = w.thread()
    if most:
        config["max_concurrency"] = most

    out = await asyncio.wait_for(agent.ainvoke({"task": "look"}, config), SOON)

    assert set(statuses(out).values()) == {"accepted"}
    assert sorted(meeting.calls) == sorted(DIAMONDS)


def test_synchronous_callers_have_lanes_side_by_side(bench: Any, w: Any) -> None:
    """The threads that LangGraph runs lanes in hand results to each other as tasks do."""
    meeting = Meeting()
    wide = {f"w{n}": ("t",) for n in range(12)}
    needed = {**DIAMONDS, **wide, "end": tuple(wide)}
    plan = w.plan(*(named(w, id_, "note", *needs) for id_, needs in needed.items()))
    agent = bench.agent(plan, tools=meeting.tools())

    out = agent.invoke({"task": "look"}, w.thread())

    assert set(statuses(out).values()) == {"accepted"}
    assert len(out["results"]["end"]["output"]["before"]) == 12


async def test_what_needs_a_step_that_fails_beside_it_is_blocked(bench: Any, w: Any) -> None:
    """The lane that waits gives way, and the plan says what stood in its way."""
    meeting = Meeting()
    plan = w.plan(
        named(w, "s", "note"),
        named(w, "l", "fail", "s"),
        named(w, "r", "note", "s"),
        named(w, "both", "note", "r", "l"),
        named(w, "other", "note", "r"),
    )
    agent = bench.agent(plan, plan, tools=meeting.tools(), limits={"max_revisions": 0})

    out = await asyncio.wait_for(agent.ainvoke({"task": "look"}, w.thread()), SOON)

    found = statuses(out)
    assert (found["l"], found["both"], found["other"]) == ("failed", "blocked", "accepted")
    assert "both" not in meeting.calls


async def test_what_needs_a_step_that_waits_for_a_person_runs_after_it(bench: Any, w: Any) -> None:
    """Lanes beside a request end without what needs it, and each step is called once."""
    meeting = Meeting()
    plan = w.plan(
        named(w, "s", "note"),
        w.step("paid", "pay", to=w.ref("s", "name"), amount=5),
        named(w, "r", "note", "s"),
        {**named(w, "told", "note", "r"), "after": ["paid"]},
    )
    agent = bench.agent(plan, tools=meeting.tools())

    asked = await asyncio.wait_for(agent.ainvoke({"task": "pay s 5"}, w.thread()), SOON)
    assert sorted(meeting.calls) == ["r", "s"]
    out = await agent.ainvoke(w.resume(APPROVE), w.thread())

    assert "__interrupt__" in asked
    assert set(statuses(out).values()) == {"accepted"}
    assert (sorted(meeting.calls), bench.count("pay")) == (["r", "s", "told"], 1)


async def test_what_joins_a_branch_that_was_left_out_still_runs(bench: Any, w: Any) -> None:
    """`$first_of` takes the branch that ran, in another lane, and the other is skipped."""
    meeting = Meeting()
    plan = w.plan(
        named(w, "s", "note"),
        named(w, "yes", "note", "s", when="s.name == 's'"),
        named(w, "no", "note", "s", when="s.name == 'z'"),
        w.step("end", "note", name={"$first_of": [w.ref("no", "name"), w.ref("yes", "name")]}),
    )
    agent = bench.agent(plan, tools=meeting.tools())

    out = await asyncio.wait_for(agent.ainvoke({"task": "look"}, w.thread()), SOON)

    found = statuses(out)
    assert (found["yes"], found["no"], found["end"]) == ("accepted", "skipped", "accepted")
    assert out["results"]["end"]["output"]["name"] == "yes"


@pytest.mark.parametrize("synchronous", [True, False])
async def test_a_lane_that_breaks_off_releases_those_that_wait(
    bench: Any, w: Any, monkeypatch: pytest.MonkeyPatch, synchronous: bool
) -> None:
    """A store that fails ends the invocation at once, and a later one goes on from there."""
    meeting = Meeting()
    plan = w.plan(named(w, "s", "note"), named(w, "l", "note", "s"), named(w, "r", "note", "s"))
    agent = bench.agent(plan, tools=meeting.tools())
    journal = bench.store.journal

    async def broken(*_: Any) -> None:
        raise StoreError("The disk is full.")

    def invoked() -> Any:
        given: Any = {"task": "look"}
        if synchronous:
            return asyncio.to_thread(agent.invoke, given, w.thread())
        return agent.ainvoke(given, w.thread())

    with monkeypatch.context() as patch:
        patch.setattr(journal, "record_outcome", broken)
        with pytest.raises(StoreError):
            await asyncio.wait_for(invoked(), SOON)
    out = await asyncio.wait_for(agent.ainvoke(None, w.thread()), SOON)

    assert set(statuses(out).values()) == {"accepted"}
