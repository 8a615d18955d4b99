"""A value endorsed with an approval, in a process that is killed: given once, known from then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pointsman.stores import open_store

SAME = ("first", "second", "third", "fourth")


def job_of(home: Path, bank: Any, thread: str, *, seconds: float) -> dict[str, Any]:
    """Return what each life is given."""
    return {"home": home, "thread": thread, "port": bank.port, "seconds": seconds}


def paid(bank: Any, thread: str) -> dict[str, int]:
    """Return how often each payment of a thread happened."""
    effects = bank.books()["effects"]
    return {k.partition("/")[2]: n for k, n in effects.items() if k.startswith(f"{thread}/")}


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param(["approvals.decide:before"], id="before it is on record"),
        pytest.param(["approvals.decide:after"], id="decided but not gone on"),
        pytest.param(["effects.claim:after:2"], id="first use claimed"),
        pytest.param(["tools.pay:after:3"], id="paid but not recorded"),
        pytest.param(["effects.settle:after:3"], id="between two uses"),
        pytest.param(
            ["approvals.decide:after", "tools.pay:after:2", "effects.claim:after:2"], id="each use"
        ),
    ],
)
async def test_an_endorsed_value_is_known_over_any_number_of_lives(
    zygote: Any, bank: Any, own_home: Path, tmp_path: Path, moments: list[str]
) -> None:
    """The same value is paid without asking, each time once; another one of the mail waits."""
    job = job_of(own_home, bank, tmp_path.name, seconds=3600)
    for moment in moments:
        assert zygote.live("endorsed", **job, at=moment).killed

    last = zygote.live("endorsed", **job)

    assert last.code == 0, last.words
    assert last.words.strip() == "['other']"
    assert paid(bank, tmp_path.name) == dict.fromkeys(SAME, 1)
    async with open_store(own_home / "pointsman.db") as store:
        [one] = await store.endorsements.every()
    assert (one.value, one.tool, one.argument) == (2.5, "pay", "amount")


async def test_one_that_expired_while_nothing_lived_vouches_no_more(
    zygote: Any, bank: Any, own_home: Path, tmp_path: Path
) -> None:
    """What was approved is paid; what only the endorsement would have let run asks."""
    job = job_of(own_home, bank, tmp_path.name, seconds=0.001)
    assert zygote.live("endorsed", **job, at="approvals.decide:after").killed

    last = zygote.live("endorsed", **job)

    assert last.code == 0, last.words
    assert last.words.strip() == "['fourth', 'other', 'second', 'third']"
    assert paid(bank, tmp_path.name) == {"first": 1}
