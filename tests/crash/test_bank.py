"""Three lanes with retries, approvals and effects at a bank, killed again and again.

The bank is a process of its own and counts. `POINTSMAN_CRASH_KILLS` sets how many kills at random
moments there are; `make crash` does 300, and every crash point instead of a choice.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

KILLS = int(os.environ.get("POINTSMAN_CRASH_KILLS", "40"))
ALL_POINTS = KILLS >= 300
EFFECTS = ("pay", "wire", "letter")
MOST_KILLS_OF_ONE_THREAD = 6
BATCH = 8
POINTS = (
    "effects.record_read:after:5",
    "effects.claim:before",
    "effects.claim:after",
    "effects.claim:after:2",
    "effects.claim:after:3",
    "tools.pay:before",
    "tools.pay:after",
    "tools.wire:after",
    "tools.letter:after",
    "effects.settle:after:2",
    "journal.record_outcome:after:5",
    "checkpoints.aput_writes:before:12",
    "checkpoints.aput:before:9",
)
"""Moments about the effects: three calls are claimed, after six that only read."""
DOUBTS = [
    pytest.param(["tools.letter:after", point], id=f"letter-{point}")
    for point in (
        "approvals.open_all:after",
        "approvals.decide:after",
        "effects.reopen:before",
        "effects.reopen:after",
    )
] + [
    pytest.param(["tools.letter:before", "effects.reopen:after"], id="no-letter-effects.reopen"),
    pytest.param(["tools.wire:after", "tools.wire.reconcile:after"], id="wire-reconciled"),
    pytest.param(["tools.wire:before", "effects.reopen:after"], id="no-wire-effects.reopen"),
    pytest.param(["tools.letter:after", "tools.letter:before"], id="never-a-second-letter"),
]
"""Killed in a call whose outcome nobody knows, and again while that is cleared up."""


def run_to_the_end(zygote: Any, bank: Any, home: Path, thread: str, points: Iterable[str]) -> int:
    """Kill a thread at each point in turn and then let it end; return how many kills there were."""
    kills = 0
    for point in points:
        life = zygote.live("payments", home=home, thread=thread, port=bank.port, at=point)
        assert life.killed or life.code == 0, life.words
        kills += life.killed
    finish(zygote, bank, home, thread)
    return kills


def finish(zygote: Any, bank: Any, home: Path, thread: str) -> None:
    """Let a thread end, and check that it was told so."""
    life = zygote.live("payments", home=home, thread=thread, port=bank.port)
    assert life.code == 0, life.words
    assert '"status": "complete"' in life.words


def effects_of(bank: Any, thread: str) -> dict[str, int]:
    """Return how often each effect of a thread happened."""
    effects = bank.books()["effects"]
    return {name: effects.get(f"{thread}/{name}", 0) for name in EFFECTS}


ONCE = dict.fromkeys(EFFECTS, 1)


@pytest.mark.parametrize("points", DOUBTS)
def test_a_call_of_unknown_outcome_is_cleared_up_once(
    zygote: Any, bank: Any, own_home: Path, tmp_path: Path, points: list[str]
) -> None:
    """A crash while the tool or a person is asked loses no decision and repeats no call."""
    run_to_the_end(zygote, bank, own_home, tmp_path.name, points)

    assert effects_of(bank, tmp_path.name) == ONCE


def test_checkpoints_lost_with_the_power_repeat_nothing(
    zygote: Any, bank: Any, own_home: Path, tmp_path: Path
) -> None:
    """Checkpoints do not wait for the disk; the journal gives back what was done since."""
    job = {"home": own_home, "thread": tmp_path.name, "port": bank.port}
    assert zygote.live("payments", **job, at="journal.record_outcome:after:6").killed
    for file in own_home.glob("checkpoints.db*"):
        file.unlink()

    finish(zygote, bank, own_home, tmp_path.name)

    assert effects_of(bank, tmp_path.name) == ONCE


def test_two_workers_that_resume_one_thread_at_once_do_it_once(
    zygotes: list[Any], bank: Any, own_home: Path, tmp_path: Path
) -> None:
    """One of them gets the thread; the other is refused or finds it done."""
    job = {"home": own_home, "thread": tmp_path.name, "port": bank.port}
    assert zygotes[0].live("payments", **job, at="tools.pay:before").killed

    for zygote in zygotes:
        zygote.begin("payments", **job)
    ends = [zygote.end() for zygote in zygotes]

    refused = [end for end in ends if end.code]
    assert all("held by another worker" in end.words for end in refused), refused[0].words
    assert len(refused) < 2
    assert effects_of(bank, tmp_path.name) == ONCE


@pytest.mark.timeout(900)
def test_every_effect_happens_once_at_each_crash_point(
    zygotes: list[Any], bank: Any, own_home: Path, tmp_path: Path
) -> None:
    """Killed once at a point that a healthy run passes, the thread ends with each effect once."""
    points = passed(zygotes[0], bank, own_home, tmp_path) if ALL_POINTS else POINTS
    threads = {f"{tmp_path.name}-{point}": point for point in points}

    def one(zygote: Any, thread: str) -> int:
        return run_to_the_end(zygote, bank, own_home, thread, [threads[thread]])

    kills = sum(in_parallel(zygotes, one, threads))

    assert {thread: effects_of(bank, thread) for thread in threads} == dict.fromkeys(threads, ONCE)
    assert kills >= len(threads) * 0.9, "lanes race, so a late point may not be reached; most are"


def passed(zygote: Any, bank: Any, home: Path, folder: Path) -> list[str]:
    """Return every point that a healthy run passes."""
    file = folder / "passed"
    life = zygote.live(
        "payments", home=home, thread=f"{folder.name}-healthy", port=bank.port, passed=file
    )
    assert life.code == 0, life.words
    return file.read_text().splitlines()


@pytest.mark.timeout(900)
def test_every_effect_happens_once_through_kills_at_random_moments(
    zygotes: list[Any], bank: Any, own_home: Path, tmp_path: Path
) -> None:
    """Killed several times in a row anywhere, each thread ends with each effect once."""
    name = tmp_path.name
    healthy = zygotes[0].live("payments", home=own_home, thread=f"{name}-0", port=bank.port)

    def one(zygote: Any, thread: str) -> int:
        return kill_at_random(zygote, bank, own_home, thread, longest=healthy.seconds)

    threads: list[str] = []
    kills = 0
    while kills < KILLS:
        batch = [f"{name}-{len(threads) + n}" for n in range(1, BATCH + 1)]
        threads += batch
        kills += sum(in_parallel(zygotes, one, batch))

    calls = bank.books()["calls"]
    asked = sum(calls[f"{thread}/{effect}"] for thread in threads for effect in EFFECTS)
    print(f"{kills} kills, {len(threads)} threads, {asked} calls, {3 * len(threads)} effects")
    assert {thread: effects_of(bank, thread) for thread in threads} == dict.fromkeys(threads, ONCE)
    assert all(calls[f"{t}/{effect}"] == 1 for t in threads for effect in ("wire", "letter"))


def kill_at_random(zygote: Any, bank: Any, home: Path, thread: str, *, longest: float) -> int:
    """Kill a thread's processes until it ends; return how many kills there were."""
    drawn = random.Random(thread)
    for kills in range(MOST_KILLS_OF_ONE_THREAD):
        seconds = drawn.uniform(0.02, longest)
        life = zygote.live("payments", seconds, home=home, thread=thread, port=bank.port)
        assert life.killed or life.code == 0, life.words
        if not life.killed:
            return kills
    finish(zygote, bank, home, thread)
    return MOST_KILLS_OF_ONE_THREAD


def in_parallel(zygotes: list[Any], work: Any, threads: Iterable[str]) -> Iterator[int]:
    """Do the work for each thread, with as many workers as there are zygotes."""
    free: Queue[Any] = Queue()
    for zygote in zygotes:
        free.put(zygote)

    def one(thread: str) -> int:
        zygote = free.get()
        try:
            return work(zygote, thread)
        finally:
            free.put(zygote)

    with ThreadPoolExecutor(len(zygotes)) as workers:
        yield from workers.map(one, threads)
