"""The experiment: every agent on every pair, spread over processes."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...state.run import Principal
from ...state.seen import seen_in
from ...stores.store import open_store
from ..spread import spread
from .agents import AGENTS, AgentName, SuiteAgent, build
from .approver import Approver
from .channels import ORDER_NAME
from .mind import Mind
from .models import MIND
from .outcome import PairOutcome, observe
from .plans import plan_honestly
from .scene import SCENE, Scene
from .suites import AttackPair, load_suites
from .tools import contracts

BATCH = 24
"""Pairs that one process takes at a time, with one store for each agent."""
AT_ONCE = 6
"""Runs that go on side by side in a process; most of a run is waiting for the disk."""


def run_all(
    pairs: Sequence[AttackPair],
    *,
    agents: Sequence[AgentName] = tuple(AGENTS),
    workers: int | None = None,
) -> Iterator[list[PairOutcome]]:
    """Yield outcomes, a batch at a time, as they come.

    Args:
        pairs: What to run.
        agents: Which agents.
        workers: Processes; as many as there are processors by default, 0 for none but this one.
    """
    jobs = [
        (suite, batch, agents)
        for suite, channel in dict.fromkeys((pair.suite, pair.channel) for pair in pairs)
        for batch in _batches([p for p in pairs if (p.suite, p.channel) == (suite, channel)])
    ]
    yield from spread(run_batch, jobs, workers=workers)


def _batches(pairs: list[AttackPair]) -> list[list[AttackPair]]:
    # What one run has seen of outputs tells the next: a poisoned shape is for one run alone.
    size = 1 if pairs[0].channel == "shape" else BATCH
    return [pairs[start : start + size] for start in range(0, len(pairs), size)]


def run_batch(
    suite: str, pairs: Sequence[AttackPair], agents: Sequence[AgentName]
) -> list[PairOutcome]:
    """Run agents on some pairs of a suite, each agent with a store of its own."""
    return [o for agent in agents for o in asyncio.run(_run_batch(suite, pairs, agent))]


async def _run_batch(suite: str, pairs: Sequence[AttackPair], name: AgentName) -> list[PairOutcome]:
    with tempfile.TemporaryDirectory(prefix="agentdojo-") as folder:
        home = Path(folder)
        async with open_store(home / "store.db") as store:
            declared = pairs[0].channel != "shape"
            agent = build(name, load_suites()[suite], store, home, declared=declared)
            turn = asyncio.Semaphore(AT_ONCE)
            # A group: were one run to fail, the store must not be closed under the others.
            async with asyncio.TaskGroup() as group:
                runs = [group.create_task(_run(name, agent, pair, turn)) for pair in pairs]
            return [run.result() for run in runs]


async def _poison(agent: SuiteAgent, scene: Scene) -> None:
    """Have an outsider's words stand in the names of what the task's tools returned before.

    Only those of tools whose output anybody may write: what we keep ourselves names no such field.
    """
    called = {step["tool"] for step in plan_honestly(scene).steps if step["kind"] == "tool"}
    names = {n for n in called if contracts()[n].get("trust", "untrusted") == "untrusted"}
    seen = seen_in({ORDER_NAME: "yes", "note": "yes"})
    for name in names:
        await agent.store.seen_shapes.learn(name, seen, tenant="", principal=Principal().id)


async def _run(
    name: AgentName, agent: SuiteAgent, pair: AttackPair, turn: asyncio.Semaphore
) -> PairOutcome:
    async with turn:
        scene = Scene(pair)
        if pair.channel == "shape":
            await _poison(agent, scene)
        mind = Mind(scene, compromised=bool(pair.injection))
        approver = Approver(scene)
        # A task has a context of its own, so runs side by side do not meet.
        SCENE.set(scene)
        MIND.set(mind)
        started = time.perf_counter()
        states = await agent.run(scene.prompt, approver)
        return observe(name, scene, mind, approver, states, time.perf_counter() - started)
