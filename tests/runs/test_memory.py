"""What a worker remembers: each thing is read once, and never another in its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pointsman.runs import memory as remembering
from pointsman.runs.memory import RunMemory
from pointsman.state.results import StepResult
from pointsman.state.run import Run
from pointsman.state.values import Json
from pointsman.stores.store import SqlStore, open_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    """Give a store."""
    async with open_store(tmp_path / "pointsman.db") as opened:
        yield opened


class Counted:
    """Payloads that count their loads."""

    def __init__(self, store: SqlStore) -> None:
        self._payloads = store.payloads
        self.loads = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._payloads, name)

    async def get(self, digest: str) -> Json:
        """Load a value."""
        self.loads += 1
        return await self._payloads.get(digest)


async def test_lanes_that_want_one_value_at_once_load_it_once(store: SqlStore) -> None:
    """The others wait for the first."""
    payloads, memory = Counted(store), RunMemory()
    digest = await store.payloads.put({"text": "x" * 10_000})

    values = await asyncio.gather(*(memory.value(digest, payloads) for _ in range(8)))  # type: ignore[arg-type]

    assert payloads.loads == 1
    assert all(value == {"text": "x" * 10_000} for value in values)


async def test_memory_for_values_is_bounded(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was used longest ago is forgotten, and one that is too large is never kept."""
    monkeypatch.setattr(remembering, "MAX_VALUES_BYTES", 250)
    monkeypatch.setattr(remembering, "MAX_VALUE_BYTES", 150)
    payloads, memory = Counted(store), RunMemory()
    first, second, third = [await store.payloads.put(letter * 100) for letter in "abc"]
    large = await store.payloads.put("d" * 200)

    for digest in (first, second, first, third, first, second, large, large):
        await memory.value(digest, payloads)  # type: ignore[arg-type]

    assert payloads.loads == 3 + 1 + 2


async def test_the_journal_of_a_run_is_read_once(store: SqlStore) -> None:
    """Nobody else writes to it while the lease is held."""
    memory = RunMemory()
    await store.journal.record_outcome("r", "t", StepResult(step="a", status="accepted"))

    known = await memory.journal("r", store.journal)
    await store.journal.record_outcome("r", "t", StepResult(step="b", status="accepted"))

    assert known.ended == {(1, "a")}
    assert await memory.journal("r", store.journal) is known


async def test_nothing_is_on_record_of_a_run_that_begins(store: SqlStore) -> None:
    """It is not asked for."""
    memory = RunMemory()
    memory.begins("r")
    await store.close()

    assert not (await memory.journal("r", store.journal)).notes
    assert not await memory.approvals("r", "t", store.approvals)


def test_a_slot_gives_back_only_its_own_kind() -> None:
    """Two parts of a state that look alike are not taken for each other."""
    memory, raw = RunMemory(), {"id": "r", "started_at": 1.0}
    memory.keep("run", raw, Run(id="r", started_at=1.0))

    assert memory.record("run", Run, raw) is not None
    assert memory.record("run", StepResult, raw) is None
    assert memory.record("plan", Run, raw) is None
