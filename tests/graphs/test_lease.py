"""The thread's lease within one process: who holds it, and when it is given back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pointsman import tool
from pointsman.errors import OperatorError

APPROVE = {"type": "approve"}


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


async def test_a_run_that_rests_between_two_nodes_is_resumed_at_once(bench: Any, w: Any) -> None:
    """A breakpoint gives nothing back, and this process knows that nobody is at work."""
    agent = bench.agent(w.plan(w.step("a", "look", item="A")))
    await agent.ainvoke({"task": "look up A"}, w.thread(), interrupt_before=["synthesize"])
    assert await bench.store.leases.holder("thread:t")

    out = await agent.ainvoke(None, w.thread())

    assert out["answer"]["status"] == "complete"


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
