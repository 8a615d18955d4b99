"""Decisions on approval requests: every documented form is read, everything else refused whole."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import DecisionError
from pointsman.state.approval import (
    FACTS_KEY,
    RECORDED,
    ApprovalRequest,
    interrupt_value,
    read_decisions,
)

ONE = ApprovalRequest(id="ap_1", step="a", tool="pay", args={"amount": 1})
TWO = ApprovalRequest(id="ap_2", step="b", tool="pay", args={"amount": 2})
QUESTION = ApprovalRequest(id="ap_3", step="c", tool="ask", allowed=("respond", "reject"))
EDITED = {"type": "edit", "edited_action": {"name": "pay", "args": {"amount": 3}}}


@pytest.mark.parametrize(
    ("said", "types"),
    [
        pytest.param({"decisions": [{"type": "approve"}]}, ["approve"], id="batched"),
        pytest.param({"decisions": []}, [], id="nothing-yet"),
        pytest.param({"f" * 32: {"decisions": [{"type": "approve"}]}}, ["approve"], id="keyed"),
        pytest.param({"f" * 32: [{"type": "accept"}]}, ["approve"], id="keyed-older"),
        pytest.param({"type": "approve"}, ["approve"], id="bare"),
        pytest.param([{"type": "accept", "args": None}], ["approve"], id="older-accept"),
        pytest.param([{"type": "ignore", "args": None}], ["reject"], id="older-ignore"),
        pytest.param([{"type": "response", "args": "no"}], ["respond"], id="older-response"),
        pytest.param(
            [{"type": "edit", "args": {"action": "pay", "args": {"amount": 3}}}],
            ["edit"],
            id="older-edit",
        ),
        pytest.param({"decisions": [EDITED]}, ["edit"], id="edit"),
        pytest.param({"decisions": [{"type": "approve"}] * 2}, ["approve"] * 2, id="both"),
        pytest.param(RECORDED, [], id="recorded"),
    ],
)
def test_every_documented_form_is_read(said: Any, types: list[str]) -> None:
    """Decisions belong to requests in order."""
    decisions = read_decisions(said, [ONE, TWO])

    assert [d.type for d in decisions] == types
    assert [d.approval_id for d in decisions] == ["ap_1", "ap_2"][: len(types)]


NULL = {"approval_id": None, "id": "ap_2"}


def test_a_decision_may_name_the_request_it_is_on() -> None:
    """Then its position does not matter."""
    for named in (
        {"approval_id": "ap_2"},
        {"id": "ap_2"},
        NULL,
        {"id": "call_9", "approval_id": "ap_2"},
    ):
        [decision] = read_decisions({"type": "approve", **named}, [ONE, TWO])
        assert decision.approval_id == "ap_2"


@pytest.mark.parametrize(
    ("said", "where"),
    [
        pytest.param("yes", "resume", id="text"),
        pytest.param(None, "resume", id="null"),
        pytest.param({}, "resume", id="empty"),
        pytest.param({"a": 1, "b": 2}, "resume", id="two-keys"),
        *(
            pytest.param({key: {"decisions": [{"type": "approve"}]}}, "resume", id=f"under-{key}")
            for key in ("x", "result", "f" * 31, "F" * 32, "g" * 32, "f" * 32 + "\n", "")
        ),
        pytest.param({"decisions": {"type": "approve"}}, "decisions", id="no-list"),
        pytest.param({"decisions": [{"type": "approve"}] * 3}, "decisions", id="too-many"),
        pytest.param({"type": "reject", "decisions": [{"type": "approve"}]}, "type", id="both"),
        pytest.param({"type": "ignore", "decisions": [{"type": "accept"}]}, "type", id="both-old"),
        pytest.param(
            [{"type": "approve", "action": "reject"}], "decisions.0.action", id="two-actions"
        ),
        pytest.param(
            [{"type": "accept", "decision": "ignore"}], "decisions.0.decision", id="two-words"
        ),
        pytest.param(
            {"type": "approve", "id": "ap_nope"}, "decisions.0.approval_id", id="another-id"
        ),
        pytest.param(
            {"type": "approve", "id": "ap_nope", "approval_id": "ap_1"},
            "decisions.0.id",
            id="two-ids",
        ),
        pytest.param({"decisions": ["approve"]}, "decisions.0", id="no-object"),
        pytest.param({"decisions": [{"type": "allow"}]}, "decisions.0.type", id="unknown-type"),
        pytest.param(
            {"decisions": [{"type": "approve"}, {"type": "approve", "approval_id": "ap_1"}]},
            "decisions.1",
            id="twice",
        ),
        pytest.param(
            {"decisions": [{"type": "approve", "approval_id": "x"}]},
            "decisions.0.approval_id",
            id="wrong-id",
        ),
        pytest.param(
            {"decisions": [{"type": "edit", "edited_action": {"name": "wipe", "args": {}}}]},
            "decisions.0.edited_action",
            id="other-tool",
        ),
        pytest.param(
            {"decisions": [{"type": "edit"}]}, "decisions.0.edited_action", id="edit-without-args"
        ),
        pytest.param(
            {"decisions": [{"type": "reject", "message": 5}]}, "decisions.0.message", id="message"
        ),
    ],
)
def test_anything_else_is_refused_and_names_the_field(said: Any, where: str) -> None:
    """Also when only one part of it is wrong."""
    with pytest.raises(DecisionError) as caught:
        read_decisions(said, [ONE, TWO])

    assert caught.value.where == where


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["decisions", "type", "args", "message", "approval_id"]), inner
            )
        ),
    )
)
def test_no_value_breaks_the_reader(said: Any) -> None:
    """Any JSON value is read or refused with an `DecisionError`, never another error."""
    try:
        decisions = read_decisions(said, [ONE, QUESTION])
    except DecisionError:
        return
    assert {d.approval_id for d in decisions} <= {"ap_1", "ap_3"}


SEND = ApprovalRequest(id="ap_4", step="d", tool="send", args={"to": "ann"}, digest="5e")


@pytest.mark.parametrize("field", ["name", "action_name", "tool_name", "tool", "action", "digest"])
@pytest.mark.parametrize("kind", ["approve", "reject", "respond", "accept", "ignore"])
def test_a_decision_that_names_another_action_is_refused(field: str, kind: str) -> None:
    """Whoever sends decisions in another order than they were asked would approve the wrong one."""
    meant = {"name": "pay", "digest": "51"}.get(field, "pay")
    with pytest.raises(DecisionError) as refused:
        read_decisions([{"type": kind, field: meant}, {"type": kind}], [SEND, ONE])
    assert refused.value.where == f"decisions.0.{field}"


@pytest.mark.parametrize(
    "beside", [{"name": "send"}, {"action": "approve"}, {"name": "Bea"}, {"digest": "5e"}]
)
def test_what_a_client_repeats_or_adds_is_no_other_action(beside: dict[str, str]) -> None:
    """The action's own name, its digest, and whoever decides."""
    [decision] = read_decisions([{"type": "approve", **beside}], [SEND, ONE])
    assert decision.approval_id == "ap_4"


def test_a_question_cannot_be_approved() -> None:
    """Only the decisions that are allowed for a request are taken."""
    with pytest.raises(DecisionError, match="respond, reject"):
        read_decisions({"type": "approve"}, [QUESTION])


def test_the_request_is_langchains_with_our_facts_under_one_key() -> None:
    """Existing inboxes can show it."""
    value = interrupt_value([ONE], {"thread_id": "t"})

    assert set(value) == {"action_requests", "review_configs", FACTS_KEY}
    assert value["action_requests"][0] == {
        "name": "pay",
        "args": {"amount": 1},
        "description": "Run pay.",
    }
    assert value["review_configs"][0]["allowed_decisions"][0] == "approve"
