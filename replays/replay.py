"""replay: a run once more from a checkpoint, from what is on record, under today's rules."""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langgraph.checkpoint.memory import InMemorySaver

from ..errors import ConfigError
from ..graphs.agent import build_graph
from ..policy.switches import SwitchBoard
from ..runs.comparison import RunComparison, compared
from ..runs.dependencies import Dependencies
from ..runs.plan_notes import is_plan_note
from ..runs.thread import config_of
from ..runs.trace import RunLogs, RunTrace, Trace, trace
from ..state.values import Record
from .missing import Missing
from .record_store import ReplayStore
from .recorded_models import RecordedAttempts
from .recorded_tools import RecordedRunner
from .starting_point import StartingPoint, starting_point

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

    from ..stores.store import SqlStore


class Replay(Record):
    """What came of a run when it was replayed."""

    thread: str
    checkpoint: str
    """From where."""
    run: RunTrace
    """As it went today."""
    comparison: RunComparison
    """What is on record beside it."""
    missing: tuple[str, ...] = ()
    """Calls that today's run would make and the record does not hold. Nothing was called."""
    unused: tuple[str, ...] = ()
    """Calls on record from there on that today's run does not make."""


async def replay(
    agent: CompiledStateGraph[Any, Any, Any, Any],
    thread: str,
    *,
    turn: int | None = None,
    checkpoint: str = "",
) -> Replay:
    """Perform a run again from what is on record, and lay both side by side.

    No model and no tool is called, no person asked and nothing written but to a file that is
    removed: replies come from the attempt log, results from the ledger, decisions from the
    approvals. Planning, policy, routing, prices, checks and the answer are those of the agent that
    is given, so one that was built from other settings shows what these would have changed. Global
    switches and deadlines are left out.

    Args:
        agent: From `build_agent`, with the checkpointer that holds the thread.
        thread: The thread.
        turn: Which of its runs, from 1; by default its last.
        checkpoint: Id of the checkpoint to begin at; by default the run's first, when its task had
            been taken in.

    Raises:
        NotFoundError: There is no such thread, run or checkpoint.
        ConfigError: The graph has no checkpointer, or is not from `build_agent`.
    """
    today = getattr(agent, "dependencies", None)
    if not isinstance(today, Dependencies):
        raise ConfigError(
            "This graph does not know what it was built from.",
            where="replay",
            fix="Give the graph that `build_agent` returned.",
        )
    point = await starting_point(agent, thread, turn=turn, checkpoint=checkpoint)
    before = _of_run(await trace(agent, thread), point.run.id)
    approvals = await today.store.approvals.of_thread(thread)
    then = await RunLogs.read(today.store, point.run.id, approvals)
    missing = Missing()
    async with _stage(today, then, point, missing) as (graph, store):
        await _performed(graph, point)
        await store.decided.withdraw_as_then(thread)
        after = _of_run(await trace(graph, thread, store=store), point.run.id)
    return Replay(
        thread=thread,
        checkpoint=point.id,
        run=after,
        comparison=compared(before, after),
        missing=tuple(missing.sentences),
        unused=tuple(_unused(then, point, missing)),
    )


def _of_run(found: Trace, run: str) -> RunTrace:
    return next(each for each in found.runs if each.run.id == run)


@asynccontextmanager
async def _stage(
    today: Dependencies, then: RunLogs, point: StartingPoint, missing: Missing
) -> AsyncGenerator[tuple[CompiledStateGraph[Any, Any, Any, Any], ReplayStore], None]:
    """Open an agent that is today's in all but what it calls, over a store of its own."""
    clock = _clock_from(point.at)
    with tempfile.TemporaryDirectory(prefix="pointsman-replay-") as folder:
        file = Path(folder) / "replay.db"
        async with ReplayStore(
            file, record=today.store, decided=then.approvals, clock=clock
        ) as store:
            await _known_by_then(store, today.store, then, point)
            performing = _performing(today, then, point, store, missing, clock)
            yield build_graph(performing, checkpointer=InMemorySaver()), store


def _clock_from(moment: float) -> Callable[[], float]:
    """Return a clock that goes on from a moment of the past."""
    began = time.time()
    return lambda: moment + time.time() - began


async def _known_by_then(
    store: ReplayStore, record: SqlStore, then: RunLogs, point: StartingPoint
) -> None:
    """Write down what the run could know at the checkpoint: its plan, its calls, its consents."""
    run = point.run
    for note in await record.journal.notes(run.thread_id):
        made = note["run_id"] == run.id and is_plan_note(note["kind"])
        if made and note["at"] <= point.at:
            await store.journal.record_note(
                run.id, run.thread_id, note["kind"], note["version"], note["body"]
            )
    for call in then.calls:
        if call.attempt.started_at < point.at:
            await store.attempts.record(call.attempt)
    for asked in then.approvals:
        if asked.request.requested_at < point.at:
            await store.approvals.open(run.id, run.thread_id, asked.request)
    last = max([call.attempt.started_at for call in then.calls], default=point.at)
    ended = [effect.settled_at or 0.0 for effect in then.effects]
    until = max([last, point.at, *ended])
    for endorsement in await record.endorsements.every(tenant=run.principal.tenant):
        if endorsement.at <= until and endorsement.revocation is None:
            await store.endorsements.add(endorsement)
    for grant in await record.grants.every(tenant=run.principal.tenant):
        if grant.at <= until and grant.revocation is None:
            await store.grants.add(grant)


def _performing(
    today: Dependencies,
    then: RunLogs,
    point: StartingPoint,
    store: ReplayStore,
    missing: Missing,
    clock: Callable[[], float],
) -> Dependencies:
    calls = [call for call in then.calls if call.attempt.started_at >= point.at]
    attempts = partial(RecordedAttempts, calls=calls, missing=missing)
    gateway = today.models.performed_by(attempts, store=store)
    runner = RecordedRunner(today.tools.tools, store, effects=then.effects, missing=missing)
    # Later messages come from whoever the run is for.
    settings = today.settings.model_copy(update={"principal": point.run.principal})
    return replace(
        today,
        settings=settings,
        store=store,
        tools=runner,
        models=gateway,
        planner=today.planner_over(gateway, runner),
        switches=SwitchBoard(store.switches),
        clock=clock,
    )


async def _performed(graph: CompiledStateGraph[Any, Any, Any, Any], point: StartingPoint) -> None:
    """Run from the checkpoint to the run's end, or to what it waits for."""
    config = config_of(point.run.thread_id)
    await graph.aupdate_state(config, point.channels, as_node=point.after)
    await graph.ainvoke(None, config)
    for message in point.said_later:
        await graph.ainvoke({"messages": [message]}, config)


def _unused(then: RunLogs, point: StartingPoint, missing: Missing) -> Iterator[str]:
    for call in then.calls:
        attempt = call.attempt
        if attempt.started_at >= point.at and call.reply and attempt.id not in missing.used:
            yield f"step {attempt.step}: a reply of {attempt.model} to the {attempt.role}"
    for effect in then.effects:
        if effect.claimed_at >= point.at and effect.claim.key not in missing.used:
            yield f"step {effect.claim.step}: a call of {effect.claim.tool}"
