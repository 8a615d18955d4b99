"""The thread's lease within one process: who holds it, and when it is given back."""

from __future__ import annotations

import asyncio
import gc
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langgraph.graph import START, StateGraph
from langgraph.runtime import RunControl

from pointsman import tool
from pointsman.errors import OperatorError, PointsmanError
from pointsman.state.agent import AgentState, InputState

APPROVE = {"type": "approve"}
REJECT = {"type": "reject", "message": "No."}


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


class Pause:
    """A tool that waits in the middle of a step until it may go on."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()

        @tool(effect="read", trust="internal", name="wait")
        async def wait() -> dict[str, Any]:
            """Wait."""
            self.begun.set()
            await self.go.wait()
            return {"waited": True}

        self.tool = wait


async def test_two_runs_of_one_process_do_not_act_on_one_thread(bench: Any, w: Any) -> None:
    """The second is refused with the time, the first ends as if nothing had been."""
    pause = Pause()
    agent = bench.agent(*[w.plan(w.step("a", "wait"))] * 2, tools=[pause.tool])
    first = asyncio.create_task(agent.ainvoke({"task": "wait"}, w.thread()))
    await pause.begun.wait()

    with pytest.raises(OperatorError, match="held by another worker until"):
        await agent.ainvoke(None, w.thread())
    other = asyncio.create_task(agent.ainvoke({"task": "wait"}, w.thread("other")))
    pause.go.set()

    assert (await first)["answer"]["status"] == "complete"
    assert (await other)["answer"]["status"] == "complete"


async def test_a_cancelled_run_gives_its_thread_back(bench: Any, w: Any) -> None:
    """The thread can be resumed at once."""
    pause = Pause()
    agent = bench.agent(w.plan(w.step("a", "wait"), w.step("b", "wait")), tools=[pause.tool])
    run = asyncio.create_task(agent.ainvoke({"task": "wait"}, w.thread()))
    await pause.begun.wait()
    assert await bench.store.leases.holder("thread:t")

    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run

    assert await bench.store.leases.holder("thread:t") is None
    pause.go.set()
    assert (await agent.ainvoke(None, w.thread()))["answer"]["status"] == "complete"


async def test_a_run_that_waits_or_has_ended_holds_nothing(bench: Any, w: Any) -> None:
    """A pause lasts for days; whoever resumes then must not wait for it."""
    agent = bench.agent(w.plan(w.step("pay", "pay", to="a@example.org", amount=1.0)))

    await agent.ainvoke({"task": "Pay a@example.org 1"}, w.thread())
    assert await bench.store.leases.holder("thread:t") is None
    await agent.ainvoke(w.resume(APPROVE), w.thread())
    assert await bench.store.leases.holder("thread:t") is None


async def test_a_run_that_failed_holds_nothing(bench: Any, w: Any) -> None:
    """Bad input leaves the thread free."""
    agent = bench.agent()

    with pytest.raises(Exception, match="no task"):
        await agent.ainvoke({"task": " "}, w.thread())

    assert await bench.store.leases.holder("thread:t") is None


async def test_a_run_that_ends_at_a_breakpoint_holds_nothing(bench: Any, w: Any) -> None:
    """It leaves by the graph's door as any other, and is resumed at once."""
    agent = bench.agent(w.plan(w.step("a", "look", item="A")))
    await agent.ainvoke({"task": "look up A"}, w.thread(), interrupt_before=["synthesize"])
    assert await bench.store.leases.holder("thread:t") is None

    out = await agent.ainvoke(None, w.thread())

    assert out["answer"]["status"] == "complete"


async def two_asked(bench: Any, w: Any) -> Any:
    """Give an agent that waits for two payments."""
    steps = [w.step(n, "pay", to=f"{n}@example.org", amount=1.0) for n in "pq"]
    agent = bench.agent(w.plan(*steps), limits={"max_revisions": 0})
    await agent.ainvoke({"task": "Pay p@example.org 1 and q@example.org 1"}, w.thread())
    return agent


async def statuses(agent: Any, w: Any) -> dict[str, str]:
    """Return what each step came to, once nothing is left to do."""
    state = await agent.aget_state(w.thread())
    assert not state.next
    return {step: result["status"] for step, result in state.values["results"].items()}


async def test_a_run_between_two_nodes_is_not_at_rest(bench: Any, w: Any) -> None:
    """No node is at work while a reader looks at what came, and the run is on its way still."""
    agent = await two_asked(bench, w)
    first = agent.astream(w.resume(APPROVE, REJECT), w.thread(), stream_mode="updates")
    assert "gate" in await anext(first)

    with pytest.raises(OperatorError, match="held by another worker until"):
        await agent.ainvoke(w.resume(REJECT, APPROVE), w.thread())
    async for _ in first:
        pass

    assert await statuses(agent, w) == {"p": "accepted", "q": "rejected"}


async def test_what_a_run_goes_on_from_is_read_under_its_lease(bench: Any, w: Any) -> None:
    """Nobody acts on the thread between the reading of its checkpoint and the first node."""
    agent = await two_asked(bench, w)
    read, go = asyncio.Event(), asyncio.Event()
    tuple_of = bench.checkpointer.aget_tuple

    async def slow(config: Any) -> Any:
        found = await tuple_of(config)
        read.set()
        await go.wait()
        return found

    bench.checkpointer.aget_tuple = slow
    slept = asyncio.create_task(agent.ainvoke(w.resume(APPROVE, REJECT), w.thread()))
    await read.wait()
    bench.checkpointer.aget_tuple = tuple_of
    with pytest.raises(OperatorError, match="held by another worker until"):
        await agent.ainvoke(w.resume(REJECT, APPROVE), w.thread())
    go.set()
    await slept

    assert await statuses(agent, w) == {"p": "accepted", "q": "rejected"}


async def test_a_run_keeps_its_thread_until_its_last_checkpoint_is_written(
    bench: Any, w: Any
) -> None:
    """Whoever comes next reads what it has left, not what was there before its last node."""
    agent = bench.agent(*[w.plan(w.step("a", "look", item="A"))] * 2)
    holders: list[Any] = []
    put = bench.checkpointer.aput

    async def noted(*given: Any) -> Any:
        holders.append(await bench.store.leases.holder("thread:t"))
        return await put(*given)

    bench.checkpointer.aput = noted
    await agent.ainvoke({"task": "look up A"}, w.thread())

    assert len(holders) > 2
    assert None not in holders


def test_two_threads_of_one_process_do_not_act_on_one_thread(bench: Any, w: Any) -> None:
    """Synchronous callers pass the same door."""
    agent = bench.agent(w.plan(w.step("a", "look", item="A")))
    first = agent.stream({"task": "look up A"}, w.thread(), stream_mode="updates")
    next(first)
    with ThreadPoolExecutor() as other:
        second = other.submit(agent.invoke, None, w.thread())
        with pytest.raises(OperatorError, match="held by another worker until"):
            second.result()

    assert [name for chunk in first for name in chunk][-1] == "synthesize"


@pytest.mark.filterwarnings("ignore:The v3 streaming protocol")
@pytest.mark.parametrize("version", ["v2", "v3"])
async def test_events_come_through_the_same_door(bench: Any, w: Any, version: Any) -> None:
    """As Agent Servers read them."""
    pause = Pause()
    agent = bench.agent(*[w.plan(w.step("a", "wait"))] * 2, tools=[pause.tool])
    first = asyncio.create_task(agent.ainvoke({"task": "wait"}, w.thread()))
    await pause.begun.wait()

    with pytest.raises(OperatorError, match="held by another worker until"):
        await all_events(agent, version, w)
    pause.go.set()

    assert (await first)["answer"]["status"] == "complete"


async def all_events(agent: Any, version: str, w: Any) -> None:
    """Read the events of a run to its end."""
    events = agent.astream_events(None, w.thread(), version=version)
    async for _ in await events if version == "v3" else events:
        pass


async def test_a_reader_who_turns_away_keeps_nobody_out(bench: Any, w: Any) -> None:
    """The stream is closed a moment later, which the next run waits for."""
    agent = bench.agent(w.plan(w.step("a", "look", item="A")))
    async for chunk in agent.astream({"task": "look up A"}, w.thread(), stream_mode="updates"):
        assert "normalize" in chunk
        break

    assert (await agent.ainvoke(None, w.thread()))["answer"]["status"] == "complete"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_run_whose_loop_is_gone_holds_nothing(bench: Any, w: Any) -> None:
    """Nobody is left who could give the lease back, or act under it."""
    agent = bench.agent(w.plan(w.step("a", "look", item="A")))

    def begin() -> None:
        loop = asyncio.new_event_loop()
        stream = agent.astream({"task": "look up A"}, w.thread(), stream_mode="updates")
        loop.run_until_complete(anext(stream))
        loop.close()

    await asyncio.to_thread(begin)
    assert await bench.store.leases.holder("thread:t")
    gc.collect()

    assert (await agent.ainvoke(None, w.thread()))["answer"]["status"] == "complete"


async def test_a_control_that_two_runs_share_makes_them_no_one_run(bench: Any, w: Any) -> None:
    """One control may drain all runs of a process; each has a lease of its own."""
    agent, control = await two_asked(bench, w), RunControl()
    first = agent.astream(
        w.resume(APPROVE, REJECT), w.thread(), control=control, stream_mode="updates"
    )
    await anext(first)

    with pytest.raises(OperatorError, match="held by another worker until"):
        await agent.ainvoke(w.resume(REJECT, APPROVE), w.thread(), control=control)
    async for _ in first:
        pass

    assert await statuses(agent, w) == {"p": "accepted", "q": "rejected"}


async def test_a_graph_around_the_agent_passes_the_door_too(bench: Any, w: Any) -> None:
    """Two runs of the larger graph's thread do not both work in the agent."""
    pause = Pause()
    bench.checkpointer, saver = None, bench.checkpointer
    agent = bench.agent(*[w.plan(w.step("a", "wait"))] * 2, tools=[pause.tool])
    graph = StateGraph(AgentState, input_schema=InputState)
    graph.add_node("agent", agent)
    graph.add_edge(START, "agent")
    outer = graph.compile(checkpointer=saver)
    first = asyncio.create_task(outer.ainvoke({"task": "wait"}, w.thread()))
    await pause.begun.wait()

    with pytest.raises(OperatorError, match="held by another worker until"):
        await outer.ainvoke(None, w.thread())
    pause.go.set()

    assert (await first)["answer"]["status"] == "complete"


async def test_a_graph_that_was_compiled_anew_is_refused(bench: Any, w: Any) -> None:
    """It has no door at which other runs are kept away, and says which graph has one."""
    agent = bench.agent(w.plan(w.step("a", "look", item="A")))
    anew = agent.builder.compile(checkpointer=bench.checkpointer)

    with pytest.raises(OperatorError, match="Run the graph that build_agent returns"):
        await anew.ainvoke({"task": "look up A"}, w.thread())


@pytest.mark.parametrize("seed", range(8))
async def test_runs_that_come_at_once_leave_every_step_decided(
    bench: Any, w: Any, seed: int
) -> None:
    """Whoever is refused has changed nothing, and nothing is left that nobody can answer."""
    agent, chance = await two_asked(bench, w), random.Random(seed)

    async def later(given: Any) -> Any:
        await asyncio.sleep(chance.random() * 0.05)
        return await agent.ainvoke(given, w.thread())

    ways = [w.resume(APPROVE, REJECT), w.resume(REJECT, APPROVE), w.resume(REJECT, REJECT), None]
    got = await asyncio.gather(*map(later, ways), return_exceptions=True)

    errors = [each for each in got if isinstance(each, BaseException)]
    assert all(isinstance(error, PointsmanError) for error in errors), errors
    assert len(errors) < len(ways)
    assert set((await statuses(agent, w)).values()) <= {"accepted", "rejected"}


async def test_a_long_step_keeps_its_lease(
    bench: Any, w: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is renewed while a step works, so that nobody else comes in when it would expire."""
    monkeypatch.setattr("pointsman.runs.lease.RENEWAL_SECONDS", 0.05)
    pause = Pause()
    agent = bench.agent(w.plan(w.step("a", "wait")), tools=[pause.tool])
    run = asyncio.create_task(agent.ainvoke({"task": "wait"}, w.thread()))
    await pause.begun.wait()
    held = taken = await bench.store.leases.holder("thread:t")

    async with asyncio.timeout(30):
        while held.expires_at == taken.expires_at:
            await asyncio.sleep(0.05)
            held = await bench.store.leases.holder("thread:t")

    assert held.fence == taken.fence
    pause.go.set()
    await run


async def test_without_a_thread_there_is_no_lease(bench: Any, w: Any) -> None:
    """A graph without checkpoints takes none, and runs side by side with itself."""
    bench.checkpointer = None
    agent = bench.agent(*[w.plan(w.step("a", "look", item="A"))] * 2)

    outs = await asyncio.gather(*(agent.ainvoke({"task": "look up A"}) for _ in range(2)))

    assert [out["answer"]["status"] for out in outs] == ["complete"] * 2
    assert await bench.store.leases.holder("thread:") is None
