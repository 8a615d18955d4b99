"""Which threads want to be woken."""

from __future__ import annotations

import pytest

from pointsman.stores.leases import lease_of, lease_within
from pointsman.stores.records import LeaseHolder
from pointsman.workers.stalled import stalled


def held_by(owner: str, until: float) -> LeaseHolder:
    """Return a holder."""
    return LeaseHolder(owner=owner, fence=1, expires_at=until)


def test_expired_leases_and_those_of_dead_processes_are_stalled() -> None:
    """Longest expired first; what is alive, no thread, or within a larger graph is left alone."""
    held = {
        "thread:late": held_by("alive#1", 90.0),
        "thread:later": held_by("alive#2", 80.0),
        "thread:dead": held_by("dead#1", 110.0),
        "thread:at work": held_by("alive#3", 110.0),
        lease_within("outer", ["node:1"]): held_by("dead#2", 80.0),
        "other:thing": held_by("dead#3", 80.0),
    }

    found = stalled(held, now=100.0, ended=lambda process: process == "dead")

    assert found == ["later", "late", "dead"]


@pytest.mark.parametrize("thread", ["a|b", "a|node:1", "|", "within:a|b", "thread:a"])
def test_a_thread_is_woken_whatever_its_id_holds(thread: str) -> None:
    """No id is mistaken for a node of a larger graph."""
    held = {lease_of(thread): held_by("dead#1", 80.0)}

    assert stalled(held, now=100.0, ended=lambda _: False) == [thread]
