"""A store, checkpoints and an agent on a tiny desk, on a real SQLite file and a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pointsman import Settings, build_agent, open_store
from pointsman.runs.decisions import record_decisions
from pointsman.state.approval import Decision
from pointsman.state.run import Principal
from pointsman.stores import SqlStore
from pointsman.stores.checkpoints import open_checkpoints
from pointsman.stores.records import Requester
from pointsman.workers.task_queue import TaskQueue
from pointsman.workers.worker import Worker

DESK = Path(__file__).parents[1] / "cli" / "desk"


def asked_by(id_: str = "ann", tenant: str = "", *, authenticated: bool = True) -> Requester:
    """Return somebody who asks."""
    return Requester(principal=Principal(id=id_, tenant=tenant), authenticated=authenticated)


@dataclass(frozen=True, kw_only=True)
class Works:
    """What all workers of a test share."""

    home: Path
    store: SqlStore
    agent: Any
    queue: TaskQueue

    def worker(self, **options: Any) -> Worker:
        """Return one more worker."""
        return Worker(self.agent, self.store, **{"concurrency": 4, **options})

    async def work_off(self, **options: Any) -> int:
        """Have one worker do all that is due, and return how many runs that took."""
        worker = self.worker(**options)
        while await worker.sweep():
            await worker.rest()
        return worker.finished

    def paid(self) -> list[str]:
        """Return what was paid back, one line a payment."""
        file = self.home / "paid.txt"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    async def approve(self, thread: str, *, tenant: str = "") -> None:
        """Approve what a thread asks, from the store alone."""
        [record] = await self.store.approvals.waiting(thread)
        await record_decisions(
            [Decision(approval_id=record.request.id, type="approve")],
            [record.request],
            approver=Principal(id="boss", role="admin", tenant=tenant),
            authenticated=True,
            dependencies=self.agent.dependencies,
        )


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the place of a store that does not exist yet, on each database."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    return str(tmp_path / "store.db")


@pytest.fixture
async def works(url: str, own_home: Path, tmp_path: Path) -> AsyncIterator[Works]:
    """Yield a desk on which nobody has asked for anything."""
    own_home.mkdir(parents=True)
    settings = Settings.load(DESK)
    checkpoints = url if "://" in url else tmp_path / "checkpoints.db"
    async with open_store(url) as store, open_checkpoints(checkpoints) as saver:
        agent = build_agent(settings, store=store, checkpointer=saver)
        yield Works(home=own_home, store=store, agent=agent, queue=TaskQueue(store))


@pytest.fixture
def begun(works: Works) -> Callable[[], bool]:
    """Return whether the desk's slow tool has begun."""
    return (works.home / "begun").exists
