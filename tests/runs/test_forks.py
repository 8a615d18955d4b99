"""A process that was forked works, or says that it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

AGENT = """
import asyncio, json, multiprocessing, os, sqlite3, sys, threading, warnings
warnings.simplefilter("ignore")
from pathlib import Path
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from pointsman import Settings, build_agent, tool
from pointsman.testing import ScriptedGateway

home = Path(sys.argv[1])

@tool(effect="read", trust="internal")
def look(item: str) -> dict[str, str]:
    "Look something up."
    return {"id": item, "seen_by": "a thread"}

@tool(effect="money", trust="internal", idempotency="key", amount="amount")
def pay(to: str, amount: float) -> dict[str, float]:
    "Pay somebody."
    with (home / "paid.txt").open("a") as file:
        file.write(f"{to} {amount:.2f}\\n")
    return {"paid": amount}

def step(name, tool, **args):
    return {"id": name, "kind": "tool", "tool": tool, "args": args}

PLAN = {
    "reason": "because",
    "steps": [step("look", "look", item="1"), step("pay", "pay", to="ann", amount=5.0)],
}
REPLIES = {"planner": [PLAN] * 9}

def build(gateway, checkpointer):
    model = {"id": "planner", "endpoint": "loop", "prices": {"input": 1.0, "output": 2.0}}
    models = {
        "endpoints": {"loop": {"base_url": gateway.base_url}},
        "models": [{**model, "roles": ["planner"]}],
    }
    settings = Settings.parse({"home": home, "models": models})
    return build_agent(settings, tools=[look, pay], checkpointer=checkpointer)

def use(agent, thread):
    at = {"configurable": {"thread_id": thread}}
    out = agent.invoke({"task": f"Pay ann for {thread}"}, at)
    assert "__interrupt__" in out, out
    approve = {"decisions": [{"type": "approve"}]}
    out = agent.invoke(Command(resume=approve), at)
    assert out["results"]["pay"]["status"] == "accepted", out

async def use_async(agent, thread):
    at = {"configurable": {"thread_id": thread}}
    out = await agent.ainvoke({"task": f"Pay ann for {thread}"}, at)
    assert "__interrupt__" in out, out

def in_child(work):
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join(45)
    assert child.exitcode == 0, child.exitcode
"""

USED = """
with ScriptedGateway(REPLIES) as gateway:
    agent = build(gateway, InMemorySaver())
    use(agent, "parent")

    def child():
        use(agent, "child")
        asyncio.run(use_async(agent, "child-async"))

    in_child(child)
    pid = os.fork()
    use(agent, f"after-{'parent' if pid else 'raw-child'}")
    if not pid:
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    use(agent, "parent-again")
assert len((home / "paid.txt").read_text().splitlines()) == 5
"""

BUSY = """
from pointsman.tools.threads import TOOL_THREADS

hold = threading.Event()
async def hang():
    await asyncio.gather(*(TOOL_THREADS.run(hold.wait) for _ in range(64)))
threading.Thread(target=lambda: asyncio.run(hang()), daemon=True).start()

with ScriptedGateway(REPLIES) as gateway:
    agent = build(gateway, InMemorySaver())
    while TOOL_THREADS._free:
        pass
    # Held by another thread at the moment of the fork, as any lock may be.
    TOOL_THREADS._lock.acquire()
    in_child(lambda: use(agent, "child"))
    TOOL_THREADS._lock.release()
hold.set()
"""

OPENED = """
from langgraph.checkpoint.sqlite import SqliteSaver
from pointsman.errors import OperatorError

with ScriptedGateway(REPLIES) as gateway:
    saver = SqliteSaver(sqlite3.connect(home / "checkpoints.db", check_same_thread=False))
    agent = build(gateway, saver)
    use(agent, "parent")

    def child():
        try:
            use(agent, "child")
        except OperatorError as error:
            assert "was forked after its checkpointer was opened" in str(error), error
        else:
            raise AssertionError("it shared a connection")
        mine = SqliteSaver(sqlite3.connect(home / "mine.db", check_same_thread=False))
        use(build(gateway, mine), "child")

    in_child(child)
    use(agent, "parent-again")
"""


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(USED, id="an-agent-that-was-used"),
        pytest.param(BUSY, id="threads-taken-and-a-lock-held"),
        pytest.param(OPENED, id="a-checkpointer-that-was-opened"),
    ],
)
def test_a_forked_process_works_or_says_that_it_cannot(script: str, tmp_path: Path) -> None:
    """Store, background loop, tool threads and model connections are the child's own."""
    finished = subprocess.run(
        [sys.executable, "-c", AGENT + script, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=150,
    )

    assert finished.returncode == 0, finished.stderr[-3000:]
