"""Workers that are killed, stopped and cut off from their database: is anything lost or doubled?

    python -m pointsman.benchmarks.killed_workers postgresql://… --kills 1000 --restart "pg_ctl …"

Bills are left for three workers, which a person's approvals pause twice each. At random moments a
worker is ended by `kill -9`, stopped for longer than its lease (SIGSTOP, SIGCONT), or the database
is started anew by the command that is given. In the end each bill must be answered, and must stand
in the books once.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal, TypeVar

from .. import open_store
from ..agent import build_dependencies
from ..errors import DecisionError, PointsmanError, StoreError
from ..runs.decisions import record_decisions
from ..runs.dependencies import Dependencies
from ..state.approval import Decision
from ..state.run import Principal
from ..stores.records import ApprovalRecord, QueuedTask, Requester
from ..workers.task_queue import TaskQueue
from ..workers.wakers import migrate_queue
from .crew import EFFECTS, LEASE_SECONDS, Crew, desk_tools, entries, settings_in

T = TypeVar("T")

WORKERS = 3
OPEN_BILLS = 16
"""Bills that wait or are at work at a time, so that every blow meets some."""
PAUSE_SECONDS = 0.25
"""Between two blows, on average."""
PATIENCE_SECONDS = 180.0
"""For what is left when the last blow has fallen."""

Blow = Literal["kill", "stop", "restart"]


def blows_of(*, kills: int, stops: int, restarts: int) -> list[Blow]:
    """Return so many blows of each kind."""
    counts: dict[Blow, int] = {"kill": kills, "stop": stops, "restart": restarts}
    return [blow for blow, count in counts.items() for _ in range(count)]


@dataclass(kw_only=True)
class CampaignReport:
    """What a campaign came to."""

    bills: int = 0
    blows: Counter[Blow] = field(default_factory=Counter[Blow])
    unanswered: list[str] = field(default_factory=list[str])
    """Threads whose task has no answer."""
    wrong: dict[str, int] = field(default_factory=dict[str, int])
    """Effect and bill → how often it happened, where that is not once."""
    seconds: float = 0.0

    @property
    def right(self) -> bool:
        """Whether nothing was lost and nothing doubled."""
        return not self.unanswered and not self.wrong

    def __str__(self) -> str:
        blows = ", ".join(f"{count} × {blow}" for blow, count in sorted(self.blows.items()))
        return (
            f"{self.bills} bills in {self.seconds:.0f} s; {blows}; "
            f"{len(self.unanswered)} unanswered {self.unanswered[:5]}, wrong {self.wrong}"
        )


class Campaign:
    """One campaign on a new desk.

    Args:
        home: The desk's folder.
        url: A PostgreSQL database without tables of ours.
        blows: What falls, in any order.
        restart: Starts the database anew, and returns when it answers.
        seed: Of the moments and the order.
    """

    def __init__(
        self,
        home: Path,
        url: str,
        *,
        blows: Sequence[Blow],
        restart: Callable[[], None],
        seed: int = 0,
    ) -> None:
        self._home, self._url, self._restart = home, url, restart
        self._random = random.Random(seed)
        self._blows = list(blows)
        self._random.shuffle(self._blows)
        self._report = CampaignReport(blows=Counter(blows))
        self._tasks: list[QueuedTask] = []
        self._stopped: list[tuple[float, BaseProcess]] = []

    async def run(self) -> CampaignReport:
        """Leave bills, strike, wait for the rest, and look into the books."""
        began = time.monotonic()
        settings = settings_in(self._home)
        await migrate_queue(self._url)
        async with open_store(self._url) as store:
            dependencies = build_dependencies(settings, tools=desk_tools(self._home), store=store)
            queue, crew = TaskQueue(store), Crew(self._home, self._url, quick=True)
            try:
                await self._fight(queue, dependencies, crew)
                open_tasks = await self._wait(dependencies, crew)
            finally:
                crew.end()
            self._report.unanswered = [task.thread_id for task in open_tasks]
        self._report.bills = len(self._tasks)
        self._report.wrong = self._wrong()
        self._report.seconds = time.monotonic() - began
        return self._report

    async def _fight(self, queue: TaskQueue, dependencies: Dependencies, crew: Crew) -> None:
        crew.fill(WORKERS)
        next_blow = time.monotonic() + 2 * LEASE_SECONDS
        while self._blows:
            crew.fill(WORKERS)
            unfinished = await self._unfinished(dependencies)
            for _ in range(OPEN_BILLS - len(unfinished)):
                self._tasks.append(await self._left(queue, len(self._tasks)))
            await self._approve(dependencies)
            self._go_on(crew)
            if time.monotonic() >= next_blow:
                self._strike(self._blows.pop(), crew)
                next_blow = time.monotonic() + self._random.expovariate(1 / PAUSE_SECONDS)
            await asyncio.sleep(0.02)

    async def _wait(self, dependencies: Dependencies, crew: Crew) -> list[QueuedTask]:
        """Wait until all is answered; return what is not in time."""
        until = time.monotonic() + PATIENCE_SECONDS
        while (left := await self._unfinished(dependencies)) and time.monotonic() < until:
            crew.fill(WORKERS)
            await self._approve(dependencies)
            self._go_on(crew)
            await asyncio.sleep(0.1)
        known = await _patiently(lambda: self._known(dependencies, self._tasks))
        return [*left, *(task for task in known if task.state == "ended" and not task.answer)]

    async def _left(self, queue: TaskQueue, number: int) -> QueuedTask:
        who = Requester(principal=Principal(id="ann"), authenticated=True)
        return await _patiently(
            lambda: queue.enqueue(
                f"settle bill B-{number}", thread=f"bill-{number}", message_id="m", asked_by=who
            )
        )

    async def _known(
        self, dependencies: Dependencies, tasks: Sequence[QueuedTask]
    ) -> list[QueuedTask]:
        known = [await dependencies.store.tasks.get(t.thread_id, t.message_id) for t in tasks]
        failed = [task for task in known if task.state == "failed"]
        if failed:
            raise SystemExit(f"{failed[0].thread_id} has failed: {failed[0].error}")
        return known

    async def _unfinished(self, dependencies: Dependencies) -> list[QueuedTask]:
        newest = self._tasks[-4 * OPEN_BILLS :] if self._blows else self._tasks
        known = await _patiently(lambda: self._known(dependencies, newest))
        return [task for task in known if task.state != "ended"]

    async def _approve(self, dependencies: Dependencies) -> None:
        """Decide as a person would who looks into the books."""
        for record in await _patiently(dependencies.store.approvals.waiting):
            try:
                await _patiently(lambda record=record: self._decide(record, dependencies))
            except DecisionError:
                # Decided before the database went away.
                continue

    async def _decide(self, record: ApprovalRecord, dependencies: Dependencies) -> None:
        asked = record.request
        decision = Decision(approval_id=asked.id, type="approve")
        effect = "paid" if asked.tool == "pay" else "noted"
        if asked.unknown_effect and asked.args["bill"] in entries(self._home, effect):
            known = {"type": "respond", "message": "It is in the books."}
            decision = Decision.from_json({"approval_id": asked.id, **known})
        await record_decisions(
            [decision],
            [asked],
            approver=Principal(id="boss", role="admin"),
            authenticated=True,
            dependencies=dependencies,
        )

    def _strike(self, blow: Blow, crew: Crew) -> None:
        if blow == "restart":
            self._restart()
            return
        stopped = {process.pid for _, process in self._stopped}
        process = self._random.choice(crew.alive)
        if blow == "stop" and process.pid not in stopped:
            crew.send(process, signal.SIGSTOP)
            seconds = LEASE_SECONDS * self._random.uniform(1.2, 2.5)
            self._stopped.append((time.monotonic() + seconds, process))
            return
        crew.send(process, signal.SIGKILL)

    def _go_on(self, crew: Crew) -> None:
        now = time.monotonic()
        for due, process in self._stopped:
            if due <= now:
                crew.send(process, signal.SIGCONT)
        self._stopped = [(due, process) for due, process in self._stopped if due > now]

    def _wrong(self) -> dict[str, int]:
        bills = [f"B-{number}" for number in range(len(self._tasks))]
        found = {effect: Counter(entries(self._home, effect)) for effect in EFFECTS}
        return {
            f"{effect} {bill}": found[effect][bill]
            for effect in EFFECTS
            for bill in bills
            if found[effect][bill] != 1
        }


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask the store again while the database is away."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await ask()
        except StoreError:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.1)


def main() -> int:
    """Run one campaign, and fail if anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="a PostgreSQL database without tables of pointsman")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--stops", type=int, default=50)
    parser.add_argument("--restarts", type=int, default=0)
    parser.add_argument("--restart", default="", help="the command that starts the database anew")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    restarts = given.restarts if given.restart else 0
    blows = blows_of(kills=given.kills, stops=given.stops, restarts=restarts)

    def restart() -> None:
        subprocess.run(shlex.split(given.restart), check=True, capture_output=True)  # noqa: S603

    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(Path(folder), given.url, blows=blows, restart=restart, seed=given.seed)
        try:
            report = asyncio.run(campaign.run())
        except PointsmanError as error:
            raise SystemExit(str(error)) from error
    print(report)
    return 0 if report.right else 1


if __name__ == "__main__":
    sys.exit(main())
