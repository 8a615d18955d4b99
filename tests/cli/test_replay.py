"""`replay`, `diff` and `trace --at`: a run again, beside another, and as of a moment."""

from __future__ import annotations

import pytest


@pytest.fixture
def paid(desk):
    """A desk on which a payment was approved, on thread t1."""
    question = desk.waiting()
    assert desk("approve", question["id"]).code == 0
    return desk


def test_a_replay_under_the_same_rules_differs_in_nothing(paid):
    """And nothing is paid again."""
    found = paid("replay", "t1", "--json").document

    assert found["missing"] == found["unused"] == []
    assert "Paid back: 25.00" in found["run"]["answer"]["text"]
    assert "0 differences" in paid("replay", "t1").out
    [run] = paid("trace", "t1", "--json").document["runs"]
    [effect] = next(step for step in run["steps"] if step["step"]["id"] == "pay")["effects"]
    assert effect["attempts"] == 1


def test_a_replay_begins_where_it_is_told_to(paid):
    """At a checkpoint of the run; an unknown one is wrong use."""
    [run] = paid("trace", "t1", "--json").document["runs"]
    last = run["checkpoints"][-1]["id"]

    found = paid("replay", "t1", "--from", last, "--json").document
    unknown = paid("replay", "t1", "--from", "1ef0", "--json")

    assert found["checkpoint"] == last
    assert unknown.code == 2
    assert "1ef0" in unknown.document["error"]["where"]


def test_the_full_trace_lists_where_a_replay_can_begin(paid):
    """Each checkpoint with its moment and what came next."""
    [run] = paid("trace", "t1", "--json").document["runs"]
    page = paid("trace", "t1", "--full").out

    assert run["checkpoints"]
    assert all(checkpoint["id"] in page for checkpoint in run["checkpoints"])
    assert "then gate" in page


def test_a_trace_of_the_past_knows_nothing_of_later(paid):
    """While the request waited nobody had decided and nothing was paid."""
    [run] = paid("trace", "t1", "--json").document["runs"]
    [asked] = [c["id"] for c in run["checkpoints"] if c["next"] == ["gate"]][:1]

    then = paid("trace", "t1", "--at", asked, "--json").document
    [pay] = [s for s in then["runs"][0]["steps"] if s["step"]["id"] == "pay"]

    assert pay["result"]["status"] == "waiting"
    assert pay["effects"] == []
    assert pay["output"] is None
    assert [a["status"] for a in pay["approvals"]] in ([], ["waiting"])
    assert then["runs"][0]["answer"] is None
    assert not [entry for entry in then["audit"] if entry["kind"] == "approval_decided"]


def test_a_request_that_was_withdrawn_later_waited_then(desk):
    """So does the trace of that moment say, whatever became of it."""
    question = desk.waiting()
    [asked] = desk("trace", "t1", "--json").document["runs"][0]["checkpoints"][-1:]
    assert desk("withdraw", question["id"]).code == 0

    def status(*more):
        steps = desk("trace", "t1", "--json", *more).document["runs"][0]["steps"]
        [pay] = [s for s in steps if s["step"]["id"] == "pay"]
        return [a["status"] for a in pay["approvals"]]

    assert status("--at", asked["id"]) == ["waiting"]
    assert status() != ["waiting"]


@pytest.mark.parametrize("at", ["1ef0", "2020-01-01", "2020-01-01T10:00:00+02:00"])
def test_a_moment_that_is_not_there_is_named(paid, at):
    """A checkpoint of another thread, and a time before it began."""
    done = paid("trace", "t1", "--at", at, "--json")

    assert done.code == 2
    assert at in done.document["error"]["message"]


def test_two_runs_stand_side_by_side(paid):
    """What differs is told; two turns of one thread can be compared as well."""
    paid("run", "--thread", "t2", "please pay order A-8 back")

    found = paid("diff", "t1", "t2", "--json").document
    page = paid("diff", "t1", "t2").out

    pay = next(pair for pair in found["steps"] if pair["step"] == "pay")
    facts = {fact["name"]: (fact["before"], fact["after"]) for fact in pay["facts"]}
    assert facts["status"][0] == "accepted"
    assert "t1, turn 1  |  t2, turn 1" in page
    assert "0 differences" in paid("diff", "t1").out
    assert paid("diff", "t1", "t2", "--turn", "7").code == 2
