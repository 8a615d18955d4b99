"""Which threads want to be woken."""

from __future__ import annotations

from pointsman.stores.records import LeaseHolder
from pointsman.workers.waking import stalled


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
        "thread:outer|node": held_by("dead#2", 80.0),
        "other:thing": held_by("dead#3", 80.0),
    }

    found = stalled(held, now=100.0, ended=lambda process: process == "dead")

    assert found == ["later", "late", "dead"]
