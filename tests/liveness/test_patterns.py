"""No regular expression of ours takes more than linear time, on whatever text it is used."""

from __future__ import annotations

import time
from itertools import groupby, product
from typing import Any

import pytest

from .patterns import Used, collected, hated

SIZES = (2_000, 16_000)
MILLION = 1_000_000
SLOWEST = 8e-6
"""Seconds for a character; quadratic work on 16,000 of them takes about ten times that."""

MADE_AT_RUN_TIME = {
    "grounding/comparison.py": "words of the lexicon",
    "grounding/cues.py": "words of the lexicon",
    "grounding/times.py": "words of the lexicon",
    "models/calling/tokens.py": "a table beside it",
    "planners/extraction.py": "a value in a text",
    "state/redaction.py": "secrets; tests/tools/test_redaction.py measures it",
}
BOUNDED = {
    "grounding/actions.py": 2_000,
}
"""Files whose patterns see one sentence at a time, and its longest length."""


def files() -> list[Any]:
    """Return the patterns by file."""
    found, _ = collected()
    grouped = groupby(found, key=lambda used: used.where.partition(":")[0])
    return [pytest.param(list(patterns), id=name) for name, patterns in grouped]


def seconds(used: Used, text: str) -> float:
    """Return the processor time of one use."""
    started = time.thread_time()
    used.run(text)
    return time.thread_time() - started


@pytest.mark.parametrize("patterns", files())
def test_every_pattern_is_linear(patterns: list[Used]) -> None:
    """On texts made of what it looks for, and a million characters of the worst of them."""
    for used in patterns:
        file = used.where.partition(":")[0]
        largest = BOUNDED.get(file, SIZES[-1])
        worst, slowest = "", 0.0
        for size, make in product(SIZES, hated(used.pattern)):
            text = make(min(size, largest))
            took = seconds(used, text)
            assert took < 0.010 + SLOWEST * len(text), (used.where, took, text[:60])
            if size == SIZES[-1] and took / len(text) > slowest:
                worst, slowest = text, took / len(text)
        if not file.startswith("grounding/"):  # which reads no more than it can
            long = worst[:-1] * (MILLION // len(worst)) + worst[-1]
            assert seconds(used, long) < SLOWEST * MILLION, (used.where, worst[:60])


def test_every_pattern_is_found() -> None:
    """What is made at run time is made of what we or the operator wrote."""
    found, unread = collected()

    assert len(found) > 150
    assert set(unread) == set(MADE_AT_RUN_TIME)


def test_a_slow_pattern_would_be_found() -> None:
    """Each of these once stood in the package, or in one like it."""
    import re

    for pattern in (r"^(#{1,6})\s+(.*?)\s*#*\s*$", r"[.;]+(?=\s|$)", r"(a|b|ab)*c", r"\s+$"):
        used = Used("here", re.compile(pattern), frozenset({"search"}))
        assert any(
            seconds(used, make(2_000)) > 0.002 + SLOWEST * 2_000
            or seconds(used, make(SIZES[-1])) > 0.010 + SLOWEST * SIZES[-1]
            for make in hated(used.pattern)
        ), pattern
