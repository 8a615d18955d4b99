"""Hostile text: a megabyte of it never holds the event loop for long."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from datetime import date

import pytest

from pointsman.grounding.check import LONGEST as LONGEST_SENTENCE
from pointsman.grounding.check import check
from pointsman.grounding.evidence import LONGEST, index
from pointsman.grounding.ground import Ground

TODAY = date(2026, 9, 16)
SIZE = 1_000_000
ALPHABET = "01x.,-/:@ ()[]{}\"'€%\u00a0\u202fäé\n"
LONGEST_HOLD = 0.05
HOSTILE = {
    "digits": "7" * SIZE,
    "letters": "x" * SIZE,
    "capitals": "X" * SIZE,
    "spaces": " " * SIZE,
    "brackets": "[" * SIZE,
    "objects": '{"a":' * (SIZE // 5),
    "at signs": "a@" * (SIZE // 2),
    "dots": "a." * (SIZE // 2),
    "dashes": "1-" * (SIZE // 2),
    "groups": "1 111" * (SIZE // 5),
    "apostrophes": "1'1" * (SIZE // 3),
    "dates": "1.1.2026 " * (SIZE // 9),
    "months": "May 5 and " * (SIZE // 10),
    "numbers": "[" + ",".join(str(n) for n in range(SIZE // 8)) + "]",
    "rows": "[" + ",".join(f'{{"n":{n},"t":"row {n}"}}' for n in range(SIZE // 24)) + "]",
    "commas": "a,b\n" * (SIZE // 4),
    "negations": "nicht no pas " * (SIZE // 13),
    "combining": "e\u0301" * (SIZE // 2),
    "random": "".join(random.Random(7).choices(ALPHABET, k=SIZE)),
}

SLOWEST = ("letters", "spaces", "dashes", "dots", "rows", "random")
"""One of each way to be slow: measuring takes ten times as long as the work."""


def longest_hold(work: Callable[[], object]) -> float:
    """Return the longest processor time in seconds that work spends in one uninterrupted call.

    Checks run in a thread beside the loop. Python code gives way to the loop every 5 ms; a call
    into a pattern, a parser or a sort gives way when it returns. Processor time, because a busy
    machine takes turns away from both.
    """
    worst, last = 0.0, time.thread_time()

    def watch(*_: object) -> None:
        nonlocal worst, last
        now = time.thread_time()
        worst, last = max(worst, now - last), time.thread_time()

    sys.setprofile(watch)
    try:
        work()
    finally:
        sys.setprofile(None)
    return worst


@pytest.mark.parametrize("text", [HOSTILE[name] for name in SLOWEST], ids=SLOWEST)
def test_hostile_evidence_does_not_hold_the_loop(text: str) -> None:
    """Reading it and checking a sentence against it leaves the loop its turns."""

    def work() -> str:
        evidence = index("e", "tool", text)
        ground = Ground(evidence={"e": evidence}, today=TODAY, request=text[:5000])
        return check("The 3 rows of May 5 cost 12.50 euros in total.", ["e"], ground).status

    assert longest_hold(work) < LONGEST_HOLD


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_sentence_is_refused_or_checked_at_once(text: str) -> None:
    """A sentence is checked in little time, however it is made; a longer one is refused."""
    ground = Ground(evidence={"e": index("e", "tool", "3 rows")}, today=TODAY)

    started = time.process_time()
    assert check(text, ["e"], ground).status == "failed"
    check(text[:LONGEST_SENTENCE], ["e"], ground)

    assert time.process_time() - started < 0.5


def test_what_was_cut_makes_a_sentence_unverified() -> None:
    """What stands behind the end of what was read is not denied: the verdict says what was cut."""
    text = "word " * (LONGEST // 5) + "The total is 4821.50 euros."
    ground = Ground(evidence={"e": index("e", "tool", text)}, today=TODAY)

    verdict = check("The total is 4821.50 euros.", ["e"], ground)

    assert verdict.status == "unverified"
    assert "cut" in verdict.reason


@pytest.mark.parametrize("depth", [100, 900, 100_000])
def test_deep_nesting_is_read_or_taken_for_prose(depth: int) -> None:
    """No nesting ends the check with an error."""
    text = '{"a":[' * depth + "7" + "]}" * depth

    assert check("It is 7.", ["e"], Ground(evidence={"e": index("e", "t", text)}, today=TODAY))


def test_opposites_in_turn_end_soon() -> None:
    """Evidence that says open and closed by turns is divided without a stack of calls."""
    evidence = index("e", "t", "open closed " * 4000)

    started = time.process_time()
    verdict = check("It is open.", ["e"], Ground(evidence={"e": evidence}, today=TODAY))

    assert verdict.status != "failed"
    assert time.process_time() - started < 1
