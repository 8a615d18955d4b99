"""Bytes on disk stay close to the payload."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from pathlib import Path

import pytest

from pointsman.state.results import Attempt, Evidence, StepResult, Verdict
from pointsman.state.usage import Usage
from pointsman.state.values import digest, size_of
from pointsman.stores import open_store
from pointsman.stores.records import EffectClaim

STEPS = 256
RUN, THREAD = digest("run")[:32], "9f0c1a52-1a52-4b61-9d9e-6f1d5c6e7a10"

Output = Callable[[random.Random], str]


def letters(dice: random.Random) -> str:
    """Return two kilobytes that compress no better than base64 does."""
    return "".join(dice.choices(string.ascii_letters + string.digits + "+/", k=2000))


def words(dice: random.Random) -> str:
    """Return two kilobytes that compress as little as text of a thousand different words."""
    vocabulary = ["".join(dice.choices(string.ascii_lowercase, k=6)) for _ in range(1000)]
    return " ".join(dice.choices(vocabulary, k=286))[:2000]


def nothing(_dice: random.Random) -> str:
    """Return an output that takes no room."""
    return ""


async def write_lane(path: Path, output_of: Output) -> int:
    """Claim, settle and journal each step of a lane; return the bytes of all outputs."""
    payload = 0
    async with open_store(path) as store:
        for number in range(STEPS):
            step, output = f"s{number}", output_of(random.Random(number))
            payload += size_of(output)
            claim = EffectClaim(
                key=digest([RUN, step]),
                run_id=RUN,
                thread_id=THREAD,
                step=step,
                tool="search_policies",
                args_digest=digest(step),
                effect="read",
                idempotency="natural",
            )
            granted = await store.effects.claim(claim, owner="host-1:4711:ab12", lease_seconds=60)
            await store.effects.settle(claim.key, fence=granted.fence, state="done", output=output)
            await store.journal.record_outcome(RUN, THREAD, result_of(step, output))
    return payload


def result_of(step: str, output: str) -> StepResult:
    """Return what a lane records."""
    return StepResult(
        step=step,
        status="accepted",
        output=output,
        evidence=(Evidence(id=step, step=step, source="policies/refunds.md § Damaged items"),),
        attempts=(
            Attempt(
                number=1,
                performed_by="search_policies",
                why="the plan names it",
                verdict=Verdict(action="accept", reason="fits the schema", confidence=1.0),
                usage=Usage(tool_calls=1),
                seconds=0.0123,
            ),
        ),
    )


@pytest.mark.parametrize(("output_of", "most"), [(words, 1.6), (letters, 1.95)])
async def test_a_lane_takes_little_more_than_its_payload(
    tmp_path: Path, output_of: Output, most: float
) -> None:
    """256 steps of 2 kB stay near their payload, even where nothing compresses."""
    empty, full = tmp_path / "empty.db", tmp_path / "full.db"
    async with open_store(empty) as store:
        await store.switches.active()

    payload = await write_lane(full, output_of)

    assert (full.stat().st_size - empty.stat().st_size) / payload < most


async def test_rows_are_small(tmp_path: Path) -> None:
    """A call and an outcome take under 1 kB beside their output, indexes included."""
    empty, full = tmp_path / "empty.db", tmp_path / "full.db"
    async with open_store(empty) as store:
        await store.switches.active()
    await write_lane(full, nothing)

    assert (full.stat().st_size - empty.stat().st_size) / STEPS < 1000
