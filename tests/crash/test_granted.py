"""A grant that comes with an approval, in a process that is killed: given once, used n times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pointsman.stores import open_store

COUNT, USES = 6, 3


async def given(home: Path) -> list[tuple[int | None, int]]:
    """Return for how many calls each grant is, and how many are used."""
    async with open_store(home / "pointsman.db") as store:
        return [(grant.uses, grant.used) for grant in await store.grants.every()]


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param(["approvals.decide:before"], id="before it is on record"),
        pytest.param(["approvals.decide:after"], id="decided but not gone on"),
        pytest.param(["effects.claim:after:2"], id="first use claimed"),
        pytest.param(["tools.pay:before:4"], id="last use claimed"),
        pytest.param(["tools.pay:after:4"], id="paid but not recorded"),
        pytest.param(["effects.settle:after:3"], id="between two uses"),
        pytest.param(
            ["approvals.decide:after", "tools.pay:after:2", "tools.pay:before:2"], id="each use"
        ),
    ],
)
async def test_n_uses_are_n_calls_over_any_number_of_lives(
    zygote: Any, bank: Any, own_home: Path, tmp_path: Path, moments: list[str]
) -> None:
    """What the bank did, what the grant says, and what waits for a person add up."""
    job = {
        "home": own_home,
        "thread": tmp_path.name,
        "port": bank.port,
        "count": COUNT,
        "uses": USES,
    }
    for moment in moments:
        assert zygote.live("granted", **job, at=moment).killed

    last = zygote.live("granted", **job)

    assert last.code == 0, last.words
    assert last.words.strip() == f"{COUNT - USES} payments wait"
    paid = {k: n for k, n in bank.books()["effects"].items() if k.startswith(f"{tmp_path.name}/")}
    names = ["first", *(f"INV-{n}" for n in range(USES))]
    assert paid == {f"{tmp_path.name}/{name}": 1 for name in names}
    assert await given(own_home) == [(USES, USES)]
