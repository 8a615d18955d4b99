"""The experiment: every agent on every pair, spread over processes."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from ...stores.store import open_store
from .agents import AGENTS, Agent, AgentName, build
from .approver import Approver
from .mind import Mind
from .models import MIND
from .outcome import PairOutcome, observe
from .scene import SCENE, Scene
from .suites import AttackPair, load_suites

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
        for suite in dict.fromkeys(pair.suite for pair in pairs)
        for batch in _batches([pair for pair in pairs if pair.suite == suite])
    ]
    if workers == 0:
        yield from (run_batch(*job) for job in jobs)
        return
    # Spawned, because a fork would copy locks that threads of this process hold.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers or os.cpu_count(), mp_context=context) as pool:
        for future in as_completed([pool.submit(run_batch, *job) for job in jobs]):
            yield future.result()


def _batches(pairs: list[AttackPair]) -> list[list[AttackPair]]:
    return [pairs[start : start + BATCH] for start in range(0, len(pairs), BATCH)]


def run_batch(
    suite: str, pairs: Sequence[AttackPair], agents: Sequence[AgentName]
) -> list[PairOutcome]:
    """Run agents on some pairs of a suite, each agent with a store of its own."""
    return [o for agent in agents for o in asyncio.run(_run_batch(suite, pairs, agent))]


async def _run_batch(suite: str, pairs: Sequence[AttackPair], name: AgentName) -> list[PairOutcome]:
    with tempfile.TemporaryDirectory(prefix="agentdojo-") as folder:
        home = Path(folder)
        async with open_store(home / "store.db") as store:
            agent = build(name, load_suites()[suite], store, home)
            turn = asyncio.Semaphore(AT_ONCE)
            runs = [asyncio.create_task(_run(name, agent, pair, turn)) for pair in pairs]
            return list(await asyncio.gather(*runs))


async def _run(
    name: AgentName, agent: Agent, pair: AttackPair, turn: asyncio.Semaphore
) -> PairOutcome:
    async with turn:
        scene = Scene(pair)
        mind = Mind(scene, compromised=bool(pair.injection))
        approver = Approver(scene)
        # A task has a context of its own, so runs side by side do not meet.
        SCENE.set(scene)
        MIND.set(mind)
        started = time.perf_counter()
        state = await agent.run(scene.prompt, approver)
        return observe(name, scene, mind, approver, state, time.perf_counter() - started)
