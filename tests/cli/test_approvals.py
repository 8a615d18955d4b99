"""Decisions on approvals: recorded once, resumed once, refused whole."""

from __future__ import annotations

from pathlib import Path

DESK = Path(__file__).parent / "desk"


def test_approval_pays_exactly_once(desk):
    """An approved payment happens once, and a second approval is refused."""
    question = desk.waiting()

    first = desk("approve", question["id"], "--json")
    second = desk("approve", question["id"], "--json")

    assert first.code == 0
    assert "Paid back: 25.00" in first.document["answer"]["text"]
    assert second.code == 2
    assert second.document["error"]["type"] == "DecisionError"
    assert len(desk.paid()) == 1


def test_recorded_answer_waits_for_resume(desk):
    """`--no-resume` only records; `resume` then goes on with what was recorded."""
    question = desk.waiting()

    recorded = desk("approve", question["id"], "--no-resume", "--json")
    paid_before = desk.paid()
    resumed = desk("resume", "t1")

    assert recorded.code == 0
    assert recorded.document["status"] == "approved"
    assert paid_before == []
    assert resumed.code == 0
    assert len(desk.paid()) == 1


def test_withdrawn_approval_is_asked_again(desk):
    """What was approved and taken back pays nothing, and the log says who took it back."""
    question = desk.waiting()
    desk("approve", question["id"], "--no-resume")

    taken_back = desk("withdraw", question["id"], "--message", "wrong order", "--json")
    resumed = desk("resume", "t1", "--json")

    assert taken_back.document["status"] == "withdrawn"
    assert desk.paid() == []
    [again] = resumed.document["waiting"]
    assert again["id"] != question["id"]
    entries = desk("audit", "list", "--json").document["entries"]
    [entry] = [e for e in entries if e["kind"] == "approval_withdrawn"]
    assert (entry["actor"], entry["body"]["reason"]) == ("local", "wrong order")


def test_what_was_paid_cannot_be_withdrawn(desk):
    """An approval that was carried out stays on record as it was given."""
    question = desk.waiting()
    desk("approve", question["id"])

    result = desk("withdraw", question["id"])

    assert result.code == 2
    assert "has been made" in result.err
    assert len(desk.paid()) == 1


def test_who_may_not_approve_may_not_withdraw(desk, add_settings, tmp_path):
    """A policy that forbids a person's approval forbids taking it back."""
    question = desk.waiting()
    policy = tmp_path / "none.cedar"
    policy.write_text(
        '@id("none") @reason("Nobody here.") forbid (principal, action == Action::"approve", '
        "resource);"
    )
    add_settings(f"policy: {{additions: [{policy}]}}")

    result = desk("withdraw", question["id"])

    assert result.code == 2
    assert "Nobody here." in result.err
    [waiting] = desk("approvals", "--json").document["approvals"]
    assert waiting["id"] == question["id"]


def test_rejection_ends_in_the_reviewers_words(desk):
    """A rejected payment does not happen, and the answer says why."""
    question = desk.waiting()

    result = desk("reject", question["id"], "--message", "It is too much.", "--json")

    assert result.code == 0
    assert result.document["answer"]["status"] == "partial"
    assert "It is too much." in result.document["answer"]["text"]
    assert desk.paid() == []


def test_edit_runs_the_new_arguments(desk):
    """An edited payment happens with the new amount only."""
    question = desk.waiting()

    result = desk("edit", question["id"], "--args", '{"order": "A-7", "amount": 5}')

    assert result.code == 0
    [payment] = desk.paid()
    assert payment.endswith("A-7 5.00")


def test_edit_that_does_not_fit_changes_nothing(desk):
    """Arguments out of range are refused by name, and the request stays open."""
    question = desk.waiting()

    result = desk("edit", question["id"], "--args", '{"order": "A-7", "amount": 5000}')

    assert result.code == 2
    assert "amount" in result.err
    assert [a["id"] for a in desk("approvals", "--json").document["approvals"]] == [question["id"]]


def test_edit_that_is_no_json_is_wrong_use(desk):
    """Arguments that cannot be read end with 2 before anything is opened."""
    assert desk("edit", "ap_0", "--args", "{amount: 5}").code == 2
    assert desk("edit", "ap_0", "--args", "[5]").code == 2


def test_question_is_answered_in_words(desk):
    """A step that asks goes on with the person's words."""
    question = desk.waiting("choose the colour of order A-1")

    result = desk("respond", question["id"], "--message", "blue", "--json")

    assert set(question["commands"]) == {"respond", "reject"}
    assert result.code == 0
    assert "The colour is blue." in result.document["answer"]["text"]


def test_question_cannot_be_approved(desk):
    """A decision that the request does not allow is refused."""
    question = desk.waiting("choose the colour of order A-1")

    assert desk("approve", question["id"]).code == 2


def test_unknown_outcome_is_cleared_up_by_a_person(desk):
    """A call that may have happened waits; telling that it did ends the step, without a call."""
    question = desk.waiting("ring the customer of order A-1 up")
    approved = desk("approve", question["id"], "--json")
    [asked] = approved.document["waiting"]
    (desk.home / "rung").unlink()

    result = desk("respond", asked["id"], "--message", "They answered.", "--json")

    assert asked["unknown_effect"]
    assert "may or may not have taken effect" in asked["description"]
    assert result.code == 0
    assert "They answered." in result.document["answer"]["text"]
    assert not (desk.home / "rung").exists()


def test_list_names_thread_action_and_command(desk):
    """The list of what waits is enough to decide from."""
    question = desk.waiting()

    page = desk("approvals")
    other = desk("approvals", "--thread", "another", "--json")

    assert page.code == 0
    for part in ("pay_back", question["id"], "t1", question["digest"], "approve"):
        assert part in page.out
    assert other.document == {"approvals": []}


def test_unknown_approval_is_wrong_use(desk):
    """An id that nobody gave out ends with 2."""
    result = desk("approve", "ap_0")

    assert result.code == 2
    assert "ap_0" in result.err


def test_decision_is_in_the_audit_log(desk):
    """Who decided what is written down."""
    question = desk.waiting()
    desk("reject", question["id"])

    entries = desk("audit", "list", "--json").document["entries"]

    [entry] = [e for e in entries if e["kind"] == "approval_decided"]
    assert entry["actor"] == "local"
    assert entry["body"]["approval_id"] == question["id"]


def test_resume_without_answers_asks_again(desk):
    """A thread that still waits shows what is asked and ends with 3."""
    question = desk.waiting()

    result = desk("resume", "t1", "--json")

    assert result.code == 3
    assert [q["id"] for q in result.document["waiting"]] == [question["id"]]


def test_resume_of_a_finished_thread_is_wrong_use(desk):
    """A thread that does not wait is not resumed."""
    desk("run", "what is order A-7?", "--thread", "t1")

    result = desk("resume", "t1")

    assert result.code == 2
    assert "finished" in result.err


def test_resume_of_an_unknown_thread_is_wrong_use(desk):
    """A thread that nobody began ends with 2."""
    result = desk("resume", "nobody", "--json")

    assert result.code == 2
    assert result.document["error"]["type"] == "NotFoundError"


def test_expired_request_is_asked_anew(desk, tmp_path):
    """A decision that comes too late is refused; `resume` asks again."""
    file = tmp_path / "hasty.yaml"
    file.write_text(
        f'tools: ["{DESK}/desk_tools.py:build_tools"]\n'
        f"playbooks: {DESK}/playbooks\n"
        "policy: {approval_expiry_seconds: 0.001}\n",
        encoding="utf-8",
    )
    hasty = ("-c", str(file), "--json")
    paused = desk("run", "please pay order A-7 back", "--thread", "t1", *hasty)
    late = paused.document["results"]["pay"]["approval"]
    refused = desk("approve", late["id"], *hasty)
    renewed = desk("resume", "t1", *hasty)

    assert refused.code == 2
    assert "expired" in refused.document["error"]["message"]
    assert renewed.code == 3
    assert renewed.document["results"]["pay"]["approval"]["id"] != late["id"]
    assert desk.paid() == []


SEASON = "please pay the whole season of 3 orders back"


def test_items_of_a_loop_are_shown_as_a_table_and_decided_at_once(desk):
    """One decision on all of them, after one on a single one."""
    paused = desk("run", SEASON, "--thread", "t1")
    asked = desk("approvals", "--json").document["approvals"]
    desk("reject", asked[1]["id"], "-m", "not this one", "--no-resume")

    done = desk("approve", asked[0]["id"], "--all-items")

    assert "3 items; --all-items decides on all of them" in paused.out
    assert [row in paused.out for row in ("A-1", "A-2", "A-3")] == [True] * 3
    assert done.code == 0, done.err
    assert [line.split()[1] for line in desk.paid()] == ["A-1", "A-3"]
    assert "2 orders were paid back." in done.out


def test_deciding_on_all_items_needs_a_loop(desk):
    """The error says so, and nothing is decided."""
    question = desk.waiting()

    refused = desk("approve", question["id"], "--all-items")

    assert refused.code == 2
    assert "no item of a loop" in refused.err
    assert desk.paid() == []
