"""How a worker keeps limits, survives errors, and says how it is."""

from __future__ import annotations

import asyncio
import http.client
import json
from http import HTTPStatus
from itertools import pairwise
from typing import Any

import pytest

from pointsman.errors import StoreError
from pointsman.runs.thread import config_of
from pointsman.state.values import SCHEMA_VERSION
from pointsman.stores.leases import lease_of
from pointsman.workers import visits
from pointsman.workers.health import serve_health

from .conftest import Works, asked_by

LOOK, WAIT = "What is order A-1?", "wait outside for order A-1"


async def test_a_tenant_has_no_more_at_work_than_its_limit(works: Works) -> None:
    """Over two workers; when one of its threads ends the next one begins."""
    for n in range(4):
        await works.queue.enqueue(WAIT, thread=f"t{n}", asked_by=asked_by("ann", "shop"))
    await works.queue.enqueue(WAIT, thread="other", asked_by=asked_by("bob", "bank"))
    workers = [works.worker(tenant_limit=2) for _ in range(2)]

    taken = [await worker.sweep() for worker in workers]
    again = [await worker.sweep() for worker in workers]
    (works.home / "release").touch()
    for worker in workers:
        await worker.rest()

    assert (sum(taken), sum(again)) == (3, 0)
    assert await works.work_off(tenant_limit=2) == 2


async def test_a_tenant_gets_no_more_a_minute_than_its_rate(works: Works) -> None:
    """Over two workers; what it has to wait for holds up no other tenant."""
    for n in range(5):
        await works.queue.enqueue(LOOK, thread=f"t{n}", asked_by=asked_by("ann", "shop"))
    await works.queue.enqueue(LOOK, thread="other", asked_by=asked_by("bob", "bank"))
    workers = [works.worker(tenant_rate=2, concurrency=1) for _ in range(2)]

    for _ in range(3):
        for worker in workers:
            await worker.sweep()
            await worker.rest()

    assert sum(worker.finished for worker in workers) == 3
    assert await works.store.wakes.waiting() == 3
    assert await works.work_off() == 3


async def test_higher_priorities_are_done_first(works: Works) -> None:
    """A worker with room for one takes the urgent one, though it came last."""
    tasks = [
        await works.queue.enqueue(LOOK, thread=f"t{n}", asked_by=asked_by(), priority=n)
        for n in range(3)
    ]
    worker = works.worker(concurrency=1)
    ended: list[str] = []

    while await worker.sweep():
        await worker.rest()
        known = [await works.store.tasks.get(t.thread_id, t.message_id) for t in tasks]
        ended += [t.thread_id for t in known if t.state == "ended" and t.thread_id not in ended]

    assert ended == ["t2", "t1", "t0"]


async def test_a_thread_of_a_newer_release_is_left_to_it(
    works: Works, caplog: pytest.LogCaptureFixture
) -> None:
    """This one says so, changes nothing, and does not call the task failed."""
    await works.queue.enqueue(LOOK, thread="t", asked_by=asked_by())
    await works.work_off()
    await works.agent.aupdate_state(
        config_of("t"), {"schema_version": SCHEMA_VERSION + 1}, as_node="normalize"
    )
    task = await works.queue.enqueue("What is order A-2?", thread="t", asked_by=asked_by())

    assert await works.work_off() == 0

    assert "t is left to a newer release" in caplog.text
    assert (await works.store.tasks.get("t", task.message_id)).state == "queued"
    assert await works.store.leases.holder(lease_of("t")) is None


async def test_a_run_that_goes_on_failing_is_given_up(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its task ends with the error after a few tries, each later than the last."""
    now, tries = 1_000.0, list[float]()
    works.store.wakes._clock = works.store.tasks._clock = lambda: now

    async def broken(*_: Any, **__: Any) -> None:
        tries.append(now)
        raise RuntimeError("the words of something foreign")

    task = await works.queue.enqueue(LOOK, thread="t", asked_by=asked_by())
    worker = works.worker(clock=lambda: now)
    monkeypatch.setattr(worker._visits._attendant._agent, "ainvoke", broken)
    for _ in range(200):
        await worker.sweep()
        await worker.rest()
        now += 0.5

    failed = await works.queue.wait(task, seconds=5)
    assert len(tries) == visits.MOST_ERRORS
    assert [round(b - a) for a, b in pairwise(tries)] == [1, 2, 4, 8]
    assert (failed.status, failed.error["type"]) == ("failed", "RuntimeError")
    assert "foreign" not in failed.error["message"]


async def test_a_task_that_ends_its_workers_is_given_up(works: Works) -> None:
    """Though none of them lived to count it."""
    task = await works.queue.enqueue(LOOK, thread="t", asked_by=asked_by())
    for _ in range(visits.MOST_DEATHS):
        await works.store.wakes.take("gone", room=1, seconds=0.0)

    await works.work_off()

    failed = await works.queue.wait(task, seconds=5)
    assert f"{visits.MOST_DEATHS} workers have ended" in failed.error["message"]


async def test_a_worker_outlives_its_store(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database is away it says so and goes on trying; then it does what is there."""
    task = await works.queue.enqueue(LOOK, thread="t", asked_by=asked_by())
    worker, stop = works.worker(), asyncio.Event()
    held, away = works.store.leases.held, True

    async def flaky() -> Any:
        if away:
            raise StoreError("The database refused.", where="store")
        return await held()

    monkeypatch.setattr(works.store.leases, "held", flaky)
    monkeypatch.setattr(works.store.wakes, "take", _refused(works.store.wakes.take, lambda: away))
    working = asyncio.create_task(worker.work(stop, sweep_seconds=0.05))
    async with serve_health(worker, host="127.0.0.1", port=0, patience=30) as port:
        await asyncio.sleep(0.3)
        status, facts = await asyncio.to_thread(ask, port, "/healthz")
        assert (status, facts["status"]) == (503, "failing")
        assert "refused" in facts["problem"]

        away = False
        assert (await works.queue.wait(task, seconds=30)).status == "answered"
        # The answer is there a moment before its run is counted.
        await worker.rest()
        status, facts = await asyncio.to_thread(ask, port, "/healthz")
        assert (status, facts["status"]) == (200, "ok")
        assert facts["finished"] == 1

        stop.set()
        await working
        await worker.drain(5)
        status, facts = await asyncio.to_thread(ask, port, "/healthz")
        assert (status, facts["status"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "stopping")


def _refused(take: Any, away: Any) -> Any:
    async def guarded(*words: Any, **options: Any) -> Any:
        if away():
            raise StoreError("The database refused.", where="store")
        return await take(*words, **options)

    return guarded


def ask(port: int, path: str, method: str = "GET") -> tuple[int, Any]:
    """Ask a worker over HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    finally:
        connection.close()


async def test_health_answers_its_one_question(works: Works) -> None:
    """Other paths and methods, and what is no HTTP, are refused, and it goes on."""
    worker = works.worker()
    async with serve_health(worker, host="127.0.0.1", port=0, patience=30) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x" * 20_000)
        writer.close()

        assert (await asyncio.to_thread(ask, port, "/"))[0] == HTTPStatus.NOT_FOUND
        assert (await asyncio.to_thread(ask, port, "/healthz", "POST"))[0] == 405
        assert (await asyncio.to_thread(ask, port, "/healthz"))[0] == 503
        await worker.sweep()
        assert (await asyncio.to_thread(ask, port, "/healthz?now=1"))[0] == 200


async def test_threads_whose_checkpoints_are_elsewhere_are_left_alone(works: Works) -> None:
    """Such as those of an Agent Server, whose run may only have slept: it keeps its lease.

    What is no longer found stalled is remembered no longer.
    """
    for n in range(5):
        await works.store.leases.acquire(lease_of(f"t{n}"), owner="other", seconds=-1.0)
    worker = works.worker()

    assert await worker.sweep() == 0
    assert len(worker._elsewhere) == 5
    assert await works.store.leases.acquire(lease_of("t0"), owner="other", seconds=15.0) == 1
    assert await worker.sweep() == 0
    assert len(worker._elsewhere) == 4
