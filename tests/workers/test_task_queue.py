"""What is left for a worker is done once, as who asked, and whoever waits hears of it."""

from __future__ import annotations

import asyncio

import pytest

from pointsman.errors import OperatorError, TaskError
from pointsman.runs.thread import config_of, read_thread

from .conftest import Works, asked_by

LOOK = "What is order A-1?"
PAY = "please pay order A-7 back"


async def test_whoever_waits_gets_the_answer_of_a_worker(works: Works) -> None:
    """The waiting form ends with the answer."""
    waiting = asyncio.create_task(works.queue.invoke(LOOK, asked_by=asked_by(), seconds=60))
    while not await works.store.wakes.waiting():
        await asyncio.sleep(0.02)

    await works.work_off()

    result = await waiting
    assert result.status == "answered"
    assert result.answer
    assert result.answer.text == "Order A-1 is a kettle. [1]"


async def test_the_same_message_twice_is_one_turn(works: Works) -> None:
    """Before it is done and afterwards: it is one task, one run and one answer."""
    for _ in range(2):
        await works.queue.enqueue(LOOK, thread="t", message_id="m", asked_by=asked_by())
    runs = await works.work_off()

    again = await works.queue.invoke(LOOK, thread="t", message_id="m", asked_by=asked_by())

    state = read_thread("t", await works.agent.aget_state(config_of("t")))
    assert (runs, await works.work_off()) == (1, 0)
    assert again.status == "answered"
    assert state.view.run.turn == 1


async def test_messages_of_a_thread_are_turns_in_their_order(works: Works) -> None:
    """Each has its own answer, though all were left before the first was begun."""
    tasks = [
        await works.queue.enqueue(
            f"What is order A-{n}?", thread="t", message_id=f"m{n}", asked_by=asked_by()
        )
        for n in (1, 2, 3)
    ]

    await works.work_off()

    answers = [(await works.queue.wait(task, seconds=5)).answer for task in tasks]
    assert [each and each.text[:9] for each in answers] == ["Order A-1", "Order A-2", "Order A-3"]


async def test_an_id_of_another_message_is_refused(works: Works) -> None:
    """Neither other words nor another person find somebody's answer by guessing its id."""
    await works.queue.enqueue(LOOK, thread="t", message_id="m", asked_by=asked_by("ann"))

    for text, who in (("What is order A-2?", "ann"), (LOOK, "eve")):
        with pytest.raises(TaskError, match="Another message has this id"):
            await works.queue.enqueue(text, thread="t", message_id="m", asked_by=asked_by(who))


async def test_a_run_acts_for_who_asked(works: Works) -> None:
    """Not for whom the worker's settings name."""
    who = asked_by("ann", "shop")
    await works.queue.enqueue(LOOK, thread="t", asked_by=who)

    await works.work_off()

    state = read_thread("t", await works.agent.aget_state(config_of("t")))
    assert state.view.run.principal == who.principal


async def test_a_thread_of_somebody_else_is_not_theirs_to_ask(works: Works) -> None:
    """Whoever waits reads the refusal; the thread stays as it was, and its owner goes on."""
    await works.queue.enqueue(LOOK, thread="t", asked_by=asked_by("ann"))
    await works.work_off()
    foreign = await works.queue.enqueue(LOOK, thread="t", asked_by=asked_by("eve"))
    await works.work_off()

    refused = await works.queue.wait(foreign, seconds=5)

    assert (refused.status, refused.error["type"]) == ("failed", "TaskError")
    assert "somebody else's" in refused.error["message"]
    owned = await works.queue.enqueue("What is order A-2?", thread="t", asked_by=asked_by("ann"))
    await works.work_off()
    assert (await works.queue.wait(owned, seconds=5)).status == "answered"


async def test_an_error_is_found_by_who_waits_and_not_tried_for_ever(works: Works) -> None:
    """A message that breaks a limit fails at once, and no worker looks again."""
    task = await works.queue.enqueue("x" * 60_000, thread="t", asked_by=asked_by())

    await works.work_off()

    failed = await works.queue.wait(task, seconds=5)
    assert failed.status == "failed"
    assert "more than the limit" in failed.error["message"]
    assert await works.store.wakes.waiting() == 0
    assert await works.worker().sweep() == 0


async def test_a_failed_message_that_is_sent_again_is_tried_again(works: Works) -> None:
    """It is the same turn, whose client has not heard of an answer."""
    task = await works.queue.enqueue(LOOK, thread="t", message_id="m", asked_by=asked_by())
    await works.store.tasks.note(task, "failed", error={"type": "StoreError", "message": "gone"})

    again = await works.queue.enqueue(LOOK, thread="t", message_id="m", asked_by=asked_by())
    await works.work_off()

    assert again.state == "queued"
    assert (await works.queue.wait(again, seconds=5)).status == "answered"


async def test_a_wait_without_a_worker_ends_in_time(works: Works) -> None:
    """The error says that nothing is lost."""
    with pytest.raises(OperatorError, match=r"No worker has come to its end.*stays queued"):
        await works.queue.invoke(LOOK, asked_by=asked_by(), seconds=0.1)


async def test_a_decision_in_the_store_alone_wakes_its_thread(works: Works) -> None:
    """Nobody resumes it: the next look of a worker does, and it pays once."""
    task = await works.queue.enqueue(PAY, thread="t", asked_by=asked_by())
    await works.work_off()
    paused = await works.queue.wait(task, seconds=5)
    assert paused.status == "waiting"
    assert [one.request.tool for one in paused.approvals] == ["pay_back"]
    assert await works.work_off() == 0

    await works.approve("t")
    await works.work_off()

    paid = await works.queue.wait(task, seconds=5)
    assert paid.answer
    assert "Paid back: 25.00" in paid.answer.text
    assert len(works.paid()) == 1


async def test_a_thread_that_nobody_enqueued_is_woken_by_its_decision(works: Works) -> None:
    """A run that was begun in any other way waits for the same workers."""
    await works.agent.ainvoke({"task": PAY}, config_of("t"))

    await works.approve("t")

    assert await works.work_off() == 1
    assert len(works.paid()) == 1


async def test_a_message_to_a_waiting_thread_is_heard(works: Works) -> None:
    """Its answer comes at once; the request waits on, and ends its own task once it is decided."""
    first = await works.queue.enqueue(PAY, thread="t", asked_by=asked_by())
    await works.work_off()
    second = await works.queue.enqueue(LOOK, thread="t", asked_by=asked_by())
    await works.work_off()
    between = await works.queue.wait(second, seconds=5)
    assert between.answer
    assert "Order A-1 is a kettle." in between.answer.text
    assert (await works.queue.wait(first, seconds=5)).status == "waiting"

    await works.approve("t")
    await works.work_off()

    answer = (await works.queue.wait(first, seconds=5)).answer
    assert answer
    assert "Paid back: 25.00" in answer.text


async def test_a_task_that_is_due_later_waits_for_its_time(works: Works) -> None:
    """It is not begun before, and begun then."""
    now = 1_000.0
    works.store.wakes._clock = works.store.tasks._clock = lambda: now
    task = await works.queue.enqueue(LOOK, thread="t", asked_by=asked_by(), due_at=1_100.0)
    early = await works.work_off(clock=lambda: now)

    now = 1_101.0

    assert (early, await works.work_off(clock=lambda: now)) == (0, 1)
    assert (await works.queue.wait(task, seconds=5)).status == "answered"


@pytest.mark.parametrize("thread", ["a|b", "a|node:1", "100%", " "])
async def test_any_thread_id_is_worked_off(works: Works, thread: str) -> None:
    """Ids that a text column refuses, or that look like something else, are ids too."""
    task = await works.queue.enqueue(LOOK, thread=thread, asked_by=asked_by())

    await works.work_off()

    assert (await works.queue.wait(task, seconds=5)).status == "answered"
