"""What a run costs beside LangChain's `create_agent`: two model calls and a tool, over real HTTP.

    python -m pointsman.benchmarks.overhead [--rounds 40] [--at-once 1] [--page docs/benchmarks.md]

The models are a scripted endpoint in a process of its own. All contenders run in this process, in
rounds that take turns, so that what else the machine does falls on all of them. Each run has a
thread of its own. Figures are medians of processor and wall time; what counts is the ratio to
`create_agent` with the four middlewares that do part of what is always on here: an approval for
what writes, retries of models and of tools, and a limit on calls. The same graph with nothing in it
but the two calls shows what no change of ours can undercut.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from typing import Any, TypedDict

from langchain.agents import create_agent
from langchain.agents.middleware import (
    AgentMiddleware,
    HumanInTheLoopMiddleware,
    ModelCallLimitMiddleware,
    ModelRetryMiddleware,
    ToolRetryMiddleware,
)
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import START, StateGraph
from langgraph.types import Send
from pydantic import SecretStr

from .. import Settings, build_agent, open_store, tool
from ..state.values import JsonObject
from ..testing import Reply, ScriptedGateway
from ..testing.replies import GatewayRequest
from .overhead_page import Cost, CostGoal, compared, page

KEY = "sk-loopback"
BASE = "create_agent, 4 middlewares"
BOUNDS = {
    "planned, memory": CostGoal(f"{BASE}, memory", 1.5),
    "planned, SQLite": CostGoal(f"{BASE}, SQLite", 1.0),
    "playbook, SQLite": CostGoal(f"{BASE}, SQLite", 0.6),
}
"""Contender → whom it is compared with, and the most that the ratio of processor time may be."""

PLAN: JsonObject = {
    "steps": [{"id": "order", "kind": "tool", "tool": "look", "args": {"item": "ORD-1"}}]
}
ANSWER: JsonObject = {
    "sentences": [{"text": "The total of order ORD-1 is 49.9.", "cites": ["order"]}]
}
PLAYBOOK = """
name: order_total
description: Say the total of an order.
intents: ["What is the total of order ORD-1?", "Tell me the total of order ORD-22"]
arguments:
  order: {description: the order's number, pattern: 'ORD-\\d+'}
tools: [look]
steps:
  - {id: order, kind: tool, tool: look, args: {item: {$arg: order}}}
answer:
  - {text: {$from: order, path: said}, cites: [order]}
"""


@tool(effect="read", trust="internal")
async def look(item: str) -> JsonObject:
    """Look an order up."""
    return look_up(item)


def look_up(item: str) -> JsonObject:
    """Look an order up."""
    return {"item": item, "total": 49.9, "said": f"The total of order {item} is 49.9."}


def _planned(request: GatewayRequest) -> Reply:
    return Reply(json=PLAN if "plan" in request.model else ANSWER)


def _looped(request: GatewayRequest) -> Reply:
    if request.messages[-1].get("role") == "tool":
        return Reply(text="The total of order ORD-1 is 49.9.")
    return Reply(tool_calls=[{"name": "look_up", "args": {"item": "ORD-1"}}])


def _serve(out: Connection, done: Connection) -> None:
    script = {"plan": _planned, "write": _planned, "loop": _looped}
    with ScriptedGateway(script, api_key=KEY) as gateway:
        out.send(gateway.base_url)
        done.recv()


Invoke = Callable[[str], Awaitable[Any]]


class Count(TypedDict, total=False):
    """All that the empty graph knows: how many nodes have run."""

    nodes: int


def _middlewares() -> Sequence[AgentMiddleware[Any, Any]]:
    return (
        HumanInTheLoopMiddleware(interrupt_on={"pay": True}),
        ModelRetryMiddleware(max_retries=2),
        ToolRetryMiddleware(max_retries=2),
        ModelCallLimitMiddleware(run_limit=10),
    )


def _model(url: str) -> ChatOpenAI:
    return ChatOpenAI(model="loop", base_url=url, api_key=SecretStr(KEY), max_retries=0)


def _empty(url: str, saver: BaseCheckpointSaver[Any]) -> Invoke:
    """Return runs through a graph with our supersteps, and nothing in it but two calls."""
    model = _model(url)

    async def nothing(state: Count) -> Count:
        return {"nodes": state.get("nodes", 0) + 1}

    async def asking(state: Count) -> Count:
        if state.get("nodes", 0) != AFTER_LANE:
            await model.ainvoke([("user", "What is the total of ORD-1?")])
        return await nothing(state)

    lane = StateGraph(Count)
    lane.add_sequence([("route", nothing), ("act", nothing), ("verify", nothing)])
    lane.add_edge(START, "route")
    graph = StateGraph(Count)
    for name, node in (("normalize", nothing), ("plan", asking), ("synthesize", asking)):
        graph.add_node(name, node)
    graph.add_node("lane", lane.compile(checkpointer=False))
    graph.add_edge(START, "normalize")
    graph.add_edge("normalize", "plan")
    graph.add_conditional_edges("plan", _onward, ["lane", "synthesize"])
    graph.add_edge("lane", "plan")
    compiled: Any = graph.compile(checkpointer=saver)

    async def run(thread: str) -> None:
        out = await compiled.ainvoke({}, {"configurable": {"thread_id": thread}})
        assert out == {"nodes": AFTER_LANE + 2}, out

    return run


AFTER_LANE = 5
"""Nodes that have run when the plan is looked at again: normalize, plan, and the lane's three."""


async def _onward(state: Count) -> str | list[Send]:
    return "synthesize" if state.get("nodes", 0) > AFTER_LANE else [Send("lane", state)]


def _peer(
    url: str,
    middlewares: Sequence[AgentMiddleware[Any, Any]],
    saver: BaseCheckpointSaver[Any] | None,
) -> Invoke:
    agent: Any = create_agent(_model(url), [look_up], middleware=middlewares, checkpointer=saver)

    async def run(thread: str) -> None:
        out = await agent.ainvoke(
            {"messages": [("user", "What is the total of ORD-1?")]},
            {"configurable": {"thread_id": thread}},
        )
        assert "49.9" in out["messages"][-1].text

    return run


def _catalog(url: str) -> JsonObject:
    def model(name: str, roles: list[str]) -> JsonObject:
        price = {"input": 1.0, "output": 2.0}
        return {"id": name, "endpoint": "loop", "roles": roles, "prices": price}

    return {
        "endpoints": {"loop": {"base_url": url, "api_key_env": "LOOP_KEY"}},
        "models": [model("plan", ["planner"]), model("write", ["generator"])],
    }


def _ours(
    home: Path, url: str, saver: BaseCheckpointSaver[Any], stack: AsyncExitStack, *, playbook: bool
) -> Invoke:
    home.mkdir()
    given: JsonObject = {"home": str(home), "models": _catalog(url)}
    if playbook:
        (home / "playbooks").mkdir()
        (home / "playbooks" / "order_total.yaml").write_text(PLAYBOOK)
        given["playbooks"] = str(home / "playbooks")
    store = open_store(home / "pointsman.db")
    stack.push_async_callback(store.close)
    agent = build_agent(Settings.parse(given), tools=[look], checkpointer=saver, store=store)

    async def run(thread: str) -> None:
        out = await agent.ainvoke(
            {"task": "What is the total of order ORD-1?"}, {"configurable": {"thread_id": thread}}
        )
        assert "49.9" in out["answer"]["text"], out["answer"]
        assert bool(out["usage"]["usd"]) is not playbook

    return run


@asynccontextmanager
async def contenders(url: str, home: Path) -> AsyncGenerator[dict[str, Invoke]]:
    """Open the stores and checkpointers of all contenders; yield how each does one run."""
    async with AsyncExitStack() as stack:

        async def sqlite(name: str) -> AsyncSqliteSaver:
            file = str(home / f"{name}.db")
            return await stack.enter_async_context(AsyncSqliteSaver.from_conn_string(file))

        yield {
            "create_agent, memory": _peer(url, (), InMemorySaver()),
            f"{BASE}, memory": _peer(url, _middlewares(), InMemorySaver()),
            f"{BASE}, SQLite": _peer(url, _middlewares(), await sqlite("peer")),
            "the same graph, empty, memory": _empty(url, InMemorySaver()),
            "the same graph, empty, SQLite": _empty(url, await sqlite("empty")),
            "planned, memory": _ours(home / "a", url, InMemorySaver(), stack, playbook=False),
            "planned, SQLite": _ours(home / "b", url, await sqlite("b"), stack, playbook=False),
            "playbook, SQLite": _ours(home / "c", url, await sqlite("c"), stack, playbook=True),
        }


async def measure(url: str, home: Path, *, rounds: int, at_once: int) -> dict[str, Cost]:
    """Return what each contender's runs cost, `at_once` together, in rounds that take turns."""
    order = random.Random(7)
    async with contenders(url, home) as runs:
        found = {name: Cost([], []) for name in runs}
        for round_ in range(-2, rounds):
            for name in order.sample(list(runs), len(runs)):
                cpu, wall = time.process_time(), time.perf_counter()
                await asyncio.gather(*(runs[name](f"{round_}-{n}") for n in range(at_once)))
                if round_ >= 0:
                    found[name].cpu.append((time.process_time() - cpu) * 1000 / at_once)
                    found[name].wall.append((time.perf_counter() - wall) * 1000 / at_once)
    return found


@asynccontextmanager
async def endpoint() -> AsyncGenerator[str]:
    """Run the models' endpoint in a process of its own; yield its URL."""
    spawn = multiprocessing.get_context("spawn")
    ready, out = spawn.Pipe(duplex=False)
    done, stop = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_serve, args=(out, done), daemon=True)
    process.start()
    try:
        yield await asyncio.to_thread(ready.recv)
    finally:
        stop.send(None)
        await asyncio.to_thread(process.join, 10)


async def _all(home: Path, *, rounds: int, at_once: int) -> dict[str, Cost]:
    async with endpoint() as url:
        return await measure(url, home, rounds=rounds, at_once=at_once)


def report(found: dict[str, Cost]) -> int:
    """Print a line for each contender; return 1 if a ratio misses its bound by more than noise."""
    sys.stdout.write(f"{'':36} cpu ms  (25%-75%)   wall ms   ratio of cpu, of wall\n")
    missed = False
    for name, cost in found.items():
        low, middle, high = quantiles(cost.cpu, n=4)
        line = f"{name:36} {middle:6.1f}  ({low:.1f}-{high:.1f})   {median(cost.wall):7.1f}"
        if name in BOUNDS:
            bound = BOUNDS[name]
            ratio = compared(cost, found[bound.peer])
            missed |= ratio.misses(bound)
            line += f"   {ratio.cpu:.2f}, {ratio.wall:.2f} of {bound.peer} (goal {bound.most})"
        sys.stdout.write(line + "\n")
    return int(missed)


def main() -> int:
    """Measure, print, and say by the exit code whether the goals are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--page", type=Path, help="where to write the page")
    options = parser.parse_args()
    os.environ["LOOP_KEY"] = KEY
    with tempfile.TemporaryDirectory() as home:
        found = asyncio.run(_all(Path(home), rounds=options.rounds, at_once=options.at_once))
    if options.page is not None:
        options.page.write_text(page(found, BOUNDS, rounds=options.rounds))
    return report(found)


if __name__ == "__main__":
    sys.exit(main())
