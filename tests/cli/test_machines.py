"""One database for many machines: each has a home folder of its own, and none of the threads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Desk


@pytest.fixture
def shared(add_settings: Callable[[str], None], postgres_url: str) -> Callable[[], None]:
    """Give a function that has the desk use a database that machines share."""
    return lambda: add_settings(f"store_url: {json.dumps(postgres_url)}")


def test_a_thread_goes_on_at_another_machine(
    desk: Desk, shared: Callable[[], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Checkpoints are where the store is."""
    shared()
    asked = desk.waiting()
    monkeypatch.setenv("POINTSMAN_HOME", str(tmp_path / "elsewhere"))

    result = desk("approve", asked["id"], "--json")

    assert result.code == 0, result.err
    assert not list(tmp_path.rglob("*.db"))


def test_threads_of_an_earlier_release_are_taken_along(
    desk: Desk, shared: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its checkpoints stayed in the home folder; they are copied once, and the thread pays once."""
    shared()
    with monkeypatch.context() as earlier:
        earlier.setattr("pointsman.home.checkpoints_of", lambda each: each.home / "checkpoints.db")
        asked = desk.waiting()

    taken = [desk("migrate", "--json").document["threads"] for _ in range(2)]
    approved = desk("approve", asked["id"], "--json")

    assert taken == [1, 0]
    assert approved.code == 0, approved.err
    assert len(desk.paid()) == 1


def test_a_thread_without_its_journal_stays(desk: Desk, shared: Callable[[], None]) -> None:
    """Where nothing tells what it has done, it would do that anew."""
    desk.waiting()
    shared()

    assert desk("migrate", "--json").document["threads"] == 0
    assert desk("resume", "t1", "--json").document["error"]["type"] == "NotFoundError"
