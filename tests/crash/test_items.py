"""A long loop, killed again and again: each effect once, each item its own result, in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

COUNT = 500
LONG = 400.0
"""Seconds for one life on a busy machine."""
UNKNOWN = {f"INV-{n}" for n in range(24, COUNT, 25)}
MOMENTS = (
    "journal.record_outcome:after:150",
    "approvals.open_all:after",
    "tools.pay:after:60",
    "effects.settle:before:150",
    "checkpoints.aput:before:2",
)


@pytest.mark.timeout(900)
def test_a_long_loop_killed_five_times_pays_each_invoice_once(
    zygote: Any, bank: Any, own_home: Path
) -> None:
    """Twenty items fail; the others are paid in the items' order, nothing twice, nothing lost."""
    job = {"home": own_home, "thread": "loop", "port": bank.port, "count": COUNT}
    lives = [zygote.live("items", LONG, **job, at=moment) for moment in MOMENTS]

    last = zygote.live("items", LONG, **job)

    assert [life.killed for life in lives] == [True] * len(MOMENTS), [life.words for life in lives]
    assert last.code == 0, last.words
    books = bank.books()
    paid = [key for key in books["effects"] if key.startswith("loop/")]
    expected = [f"loop/INV-{n}" for n in range(COUNT) if f"INV-{n}" not in UNKNOWN]
    assert paid == expected
    assert {books["effects"][key] for key in paid} == {1}
    # A life tells the end of what it had to say: the failures, item by item.
    assert last.words.count("(known): There is no invoice INV-") == len(UNKNOWN)
