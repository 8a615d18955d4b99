"""Crash points: named, counted, and only where a test asks for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pointsman import open_store
from pointsman.errors import ConfigError
from pointsman.testing.crash_points import CrashPoints


async def test_points_that_are_passed_are_named_and_counted(own_home: Path) -> None:
    """Before and after each call, with its number; what is not a coroutine has no points."""
    crash = CrashPoints()
    async with open_store(own_home) as real:
        store = crash.store(real)

        await store.leases.acquire("t", owner="a", seconds=1)
        await store.leases.acquire("t", owner="a", seconds=1)

    assert crash.passed == [
        f"leases.acquire:{when}:{time}" for time in (1, 2) for when in ("before", "after")
    ]


@pytest.mark.parametrize(
    "name", ["effects", "effects.claim", "effects.claim:during", "a.b:after:x"]
)
def test_a_name_of_another_form_is_refused(name: str) -> None:
    """It says how a crash point is written."""
    with pytest.raises(ConfigError, match=r"room\.call:before"):
        CrashPoints(name)


def test_the_process_ends_at_its_point_and_nowhere_else(zygote: Any, own_home: Path) -> None:
    """A point that is never reached kills nobody."""
    at = {"home": own_home, "thread": "t"}

    assert zygote.live("refund", **at, at="tools.get_order:before").killed
    assert zygote.live("refund", **at, at="tools.get_order:before:9").code == 0
