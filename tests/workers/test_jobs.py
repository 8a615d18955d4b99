"""Jobs only wake: twice, late or never, what is asked is done once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pointsman.stores.engines import store_url
from pointsman.workers.job_tables import app_of, scripts_after, tables_of
from pointsman.workers.jobs import QUEUE, TASK, open_jobs
from pointsman.workers.task_queue import TaskQueue
from pointsman.workers.wakers import migrate_queue, open_waker

from .conftest import Works, asked_by

LOOK, PAY = "What is order A-1?", "please pay order A-7 back"
NEVER = 3600.0
"""Seconds between two sweeps: only a job can wake a worker before."""


@pytest.fixture
def url(postgres_url: str) -> str:
    """Return a new schema: jobs need PostgreSQL."""
    return postgres_url


@asynccontextmanager
async def working(works: Works, waker: Any, **options: Any) -> AsyncIterator[Any]:
    """Have a worker at work that sweeps once and then only hears of jobs."""
    worker, stop = works.worker(**options), asyncio.Event()
    async with waker.listening(worker, concurrency=4):
        working = asyncio.create_task(worker.work(stop, sweep_seconds=NEVER))
        while not worker.seen_at:
            await asyncio.sleep(0.01)
        # Listening begins beside it.
        await asyncio.sleep(0.3)
        yield worker
        stop.set()
        await working
        await worker.drain(10)


async def jobs_in(url: str) -> int:
    """Return how many jobs there are."""
    async with app_of(store_url(url)).open_async() as app:
        row = await app.connector.execute_query_one_async(
            "SELECT count(*) AS jobs FROM procrastinate_jobs"
        )
        return row["jobs"]


async def test_a_job_wakes_a_worker_at_once(works: Works, url: str) -> None:
    """Long before its next sweep; nothing is left of the job."""
    await migrate_queue(url)
    async with open_jobs(store_url(url)) as waker, working(works, waker):
        assert waker
        began = time.monotonic()

        result = await TaskQueue(works.store, waker=waker).invoke(
            LOOK, asked_by=asked_by(), seconds=60
        )

        assert result.status == "answered"
        assert time.monotonic() - began < 30
        await asyncio.sleep(0.3)
        assert await jobs_in(url) == 0


async def test_jobs_delivered_twice_and_to_two_workers_pay_once(works: Works, url: str) -> None:
    """Each of them looks; the lease, the wake and the ledger decide."""
    await migrate_queue(url)
    async with (
        open_jobs(store_url(url)) as one,
        open_jobs(store_url(url)) as other,
        working(works, one),
        working(works, other),
    ):
        task = await works.queue.enqueue(PAY, thread="t", asked_by=asked_by())
        for _ in range(5):
            await defer(one, "t")
        assert (await works.queue.wait(task, seconds=60)).status == "waiting"
        await works.approve("t")
        for _ in range(5):
            await defer(one, "t")

        result = await works.queue.wait(task, seconds=60)

    assert result.status == "answered"
    assert len(works.paid()) == 1


async def defer(waker: Any, thread: str) -> None:
    """Make a job without the lock that keeps a second one away."""
    await waker._app.configure_task(TASK, queue=QUEUE).defer_async(thread=thread)


async def test_a_job_that_comes_late_finds_nothing_to_do(works: Works, url: str) -> None:
    """The work is done by then, and for threads that nobody has heard of there is none."""
    await migrate_queue(url)
    task = await works.queue.enqueue(LOOK, thread="t", asked_by=asked_by())
    await works.work_off()
    async with open_jobs(store_url(url)) as waker, working(works, waker) as worker:
        await defer(waker, "t")
        await defer(waker, "nobody")
        while await jobs_in(url):
            await asyncio.sleep(0.05)

        assert worker.finished == 0
    assert (await works.queue.wait(task, seconds=5)).status == "answered"


async def test_without_a_job_the_next_sweep_finds_it(works: Works, url: str) -> None:
    """A job that never comes costs the time until then, and nothing else."""
    await migrate_queue(url)
    task = await works.queue.enqueue(LOOK, thread="t", asked_by=asked_by())

    await works.work_off()

    assert (await works.queue.wait(task, seconds=5)).status == "answered"


async def test_what_asks_before_the_tables_are_made_is_done_all_the_same(
    works: Works, url: str
) -> None:
    """There is no waker then, and no error."""
    async with open_waker(url) as waker:
        assert waker is None


async def test_a_job_that_cannot_be_made_does_no_harm(
    works: Works, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The task is recorded, and the log says that it is seen later."""
    await migrate_queue(url)
    async with open_jobs(store_url(url)) as waker:
        assert waker
        await waker._app.connector.execute_query_async("DROP TABLE procrastinate_jobs CASCADE")

        task = await TaskQueue(works.store, waker=waker).enqueue(LOOK, asked_by=asked_by())

    assert task.state == "queued"
    assert "next sweep" in caplog.text


async def test_a_thread_id_that_json_refuses_is_named_too(works: Works, url: str) -> None:
    """NUL and half a surrogate pair cannot stand in a JSON column as they are."""
    await migrate_queue(url)
    async with open_jobs(store_url(url)) as waker:
        assert waker
        for thread in ("nul\0", "half \ud800", "plain"):
            await waker.wake(thread, priority=0)
            await waker.wake(thread, priority=0)

    assert await jobs_in(url) == 3


async def test_migrating_twice_and_at_once_makes_the_tables_once(url: str) -> None:
    """Whoever comes second finds them."""
    made = await asyncio.gather(*(migrate_queue(url) for _ in range(4)))

    assert len(set(made)) == 1
    assert made[0]
    assert await migrate_queue(url) == made[0]


async def test_a_look_that_falls_between_table_and_comment_is_taken_again() -> None:
    """One statement may see a table and not yet its comment, which came with it."""
    answers = [
        {"present": True, "noted": ""},
        {"present": True, "noted": "pointsman: procrastinate 3.10.0"},
    ]

    class Between:
        async def execute_query_one_async(self, _query: str) -> dict[str, Any]:
            return answers.pop(0)

    found = await tables_of(cast("Any", SimpleNamespace(connector=Between())))

    assert (found.present, found.release) == (True, "3.10.0")


async def test_tables_of_somebody_else_are_left_as_they_are(url: str) -> None:
    """An application that uses the library in the same schema keeps its tables up to date."""
    async with app_of(store_url(url)).open_async() as app:
        await app.schema_manager.apply_schema_async()

        assert await migrate_queue(url) == ""
        assert (await tables_of(app)).present


async def test_tables_of_an_older_release_are_brought_up_to_date(url: str) -> None:
    """Its later scripts run, and the note says so."""
    installed = await migrate_queue(url)
    async with app_of(store_url(url)).open_async() as app:
        await app.connector.execute_query_async(
            "COMMENT ON TABLE procrastinate_jobs IS 'pointsman: procrastinate 3.9.0'"
        )
        assert await migrate_queue(url) == installed
        assert (await tables_of(app)).release == installed


def test_scripts_come_in_order_after_the_release_that_was_seen() -> None:
    """Those of the same release were seen with it."""
    names = ["03.04.00_50_post_b.sql", "03.04.00_01_pre_a.sql", "03.10.00_01_c.sql", "03.3.0_d.sql"]

    assert scripts_after(names, "3.3.0") == [names[1], names[0], names[2]]
    assert scripts_after(names, "3.10.0") == []
