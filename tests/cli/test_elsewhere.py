"""Decisions from the store alone: the thread's checkpoints are somewhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def elsewhere(desk: Any, add_settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a function that goes to another home, which shares nothing but the store, or back."""
    add_settings(f"store_url: {tmp_path}/shared.db")

    def go(away: bool = True) -> None:
        monkeypatch.setenv("POINTSMAN_HOME", str(tmp_path / "away" if away else desk.home))

    return go


@pytest.mark.parametrize(
    ("command", "paid"),
    [
        pytest.param(["approve"], ["25.00"], id="approve"),
        pytest.param(["edit", "--args", '{"order": "A-7", "amount": 5}'], ["5.00"], id="edit"),
        pytest.param(["reject", "--message", "No."], [], id="reject"),
        pytest.param(["respond", "--message", "Pay less."], [], id="respond"),
    ],
)
@pytest.mark.parametrize("options", [[], ["--no-resume"]], ids=["plain", "no-resume"])
def test_whoever_runs_the_thread_picks_the_decision_up(
    desk: Any, elsewhere: Any, command: list[str], paid: list[str], options: list[str]
) -> None:
    """Recorded where nobody knows the thread; performed where it is resumed."""
    question = desk.waiting()
    elsewhere()

    word, *more = command
    recorded = desk(word, question["id"], *more, *options, "--json")
    before = desk.paid()
    elsewhere(away=False)
    resumed = desk("resume", "t1")

    assert (recorded.code, resumed.code) == (0, 0)
    assert recorded.document["status"] != "waiting"
    assert before == []
    assert [line.split()[-1] for line in desk.paid()] == paid


def test_it_says_who_goes_on(desk: Any, elsewhere: Any) -> None:
    """No command is shown that could not work here."""
    question = desk.waiting()
    elsewhere()

    result = desk("approve", question["id"])

    assert "Whoever runs the thread goes on with it." in result.out
    assert "resume" not in result.out


def test_a_bad_edit_is_refused_by_the_store_alone(desk: Any, elsewhere: Any) -> None:
    """Arguments are checked as they are where the thread runs; nothing is recorded."""
    question = desk.waiting()
    elsewhere()

    result = desk("edit", question["id"], "--args", '{"order": "A-7", "amount": 500}', "--json")
    listed = desk("approvals", "--json")

    assert result.code == 2
    assert "do not fit pay_back" in result.document["error"]["message"]
    assert [a["status"] for a in listed.document["approvals"]] == ["waiting"]


@pytest.mark.usefixtures("two_people")
def test_the_list_shows_evidence_and_who_has_agreed(desk: Any, elsewhere: Any) -> None:
    """Somebody who has nothing but the store sees what the decision rests on."""
    question = desk.waiting()
    elsewhere()
    desk("approve", question["id"])

    shown = desk("approvals").out
    [listed] = desk("approvals", "--json").document["approvals"]

    assert "Kettle of brushed steel" in shown
    assert "1 of 2 have agreed: local" in shown
    assert "Kettle of brushed steel" in json.dumps(listed["evidence"])
    assert [given["approver"] for given in listed["decisions"]] == ["local"]
    assert "facts" not in listed
