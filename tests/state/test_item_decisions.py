"""Decisions on the items of a loop: one entry may stand for all of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import DecisionError
from pointsman.state.approval import ApprovalRequest, read_decisions

ITEMS = [
    ApprovalRequest(id=f"ap_{n}", step=f"pay[INV-{n}]", tool="pay", args={"amount": n})
    for n in range(4)
]
MAIL = ApprovalRequest(id="ap_mail", step="mail", tool="send")
WAITING = [*ITEMS, MAIL]
ALL = {"type": "approve", "step": "pay"}


def read(*entries: Any) -> dict[str, str]:
    """Return step → decision."""
    steps = {request.id: request.step for request in WAITING}
    return {
        steps[d.approval_id]: d.type for d in read_decisions({"decisions": [*entries]}, WAITING)
    }


def test_one_entry_decides_on_every_item() -> None:
    """What is no item of the loop keeps waiting."""
    assert read(ALL) == {request.step: "approve" for request in ITEMS}


def test_single_items_are_decided_otherwise_beside_it() -> None:
    """By step or by approval, wherever they stand."""
    edit = {"type": "edit", "step": "pay[INV-2]", "edited_action": {"args": {"amount": 9}}}
    decided = read({"type": "reject", "approval_id": "ap_1"}, ALL, edit)

    assert decided == {
        "pay[INV-0]": "approve",
        "pay[INV-1]": "reject",
        "pay[INV-2]": "edit",
        "pay[INV-3]": "approve",
    }


def test_a_table_is_approved_in_part() -> None:
    """What nobody names goes on waiting."""
    some = [{"type": "approve", "step": f"pay[INV-{n}]"} for n in (1, 3)]

    assert read(*some) == {"pay[INV-1]": "approve", "pay[INV-3]": "approve"}


def test_a_step_that_stands_in_no_loop_is_named_alike() -> None:
    """Its name is enough."""
    assert read(ALL, {"type": "reject", "step": "mail"})["mail"] == "reject"


@pytest.mark.parametrize(
    ("entries", "where"),
    [
        pytest.param([{"type": "approve", "step": "pays"}], "decisions.0.step", id="unknown"),
        pytest.param([{"type": "approve", "step": 3}], "decisions.0.step", id="no-text"),
        pytest.param([{"type": "approve", "step": "pay[X]"}], "decisions.0.step", id="no-item"),
        pytest.param([ALL, ALL], "decisions.1", id="twice"),
        pytest.param(
            [ALL, {"type": "edit", "step": "pay[INV-1]"}],
            "decisions.1.edited_action",
            id="edit-of-none",
        ),
        pytest.param(
            [ALL, {"type": "approve", "step": "mail", "args": {"to": "eve"}}],
            "decisions.1.args",
            id="changed",
        ),
        pytest.param(
            [ALL, {"type": "shrug", "step": "mail"}], "decisions.1.type", id="no-such-decision"
        ),
        pytest.param(
            [ALL, {"type": "reject", "step": "mail", "message": 3}],
            "decisions.1.message",
            id="message",
        ),
        pytest.param(
            [{"type": "reject", "step": "mail"}, {**ALL, "endorse": ["amount"]}],
            "decisions.1.endorse",
            id="column",
        ),
        pytest.param(
            [{"type": "reject", "step": "mail"}, {**ALL, "grant": {"uses": 0}}],
            "decisions.1.grant",
            id="grant",
        ),
        pytest.param(
            [{"type": "approve", "approval_id": "ap_1"}, {"type": "reject", "step": "pay[INV-1]"}],
            "decisions.1",
            id="by-id-and-by-step",
        ),
        pytest.param([ALL, {"type": "reject"}], "decisions.1", id="by-place-beside-it"),
        pytest.param([{**ALL, "approval_id": "ap_1"}], "decisions.0.step", id="both"),
        pytest.param(
            [{"type": "edit", "step": "pay", "args": {"amount": 1}}], "decisions.0.step", id="edit"
        ),
        pytest.param([ALL, {"type": "reject", "approval_id": "ap_9"}], "approval_id", id="gone"),
    ],
)
def test_what_is_not_plain_is_refused_whole(entries: Any, where: str) -> None:
    """The error names the entry and its field."""
    with pytest.raises(DecisionError) as refused:
        read(*entries)

    assert where in refused.value.where


@given(
    single=st.dictionaries(st.integers(0, 3), st.sampled_from(["approve", "reject"]), max_size=4),
    group=st.sampled_from(["approve", "reject"]),
    at=st.integers(0, 4),
)
def test_every_item_has_its_own_decision_or_that_of_all(
    single: dict[int, str], group: str, at: int
) -> None:
    """Whatever the order of the entries."""
    entries: list[Any] = [{"type": kind, "step": f"pay[INV-{n}]"} for n, kind in single.items()]
    entries.insert(min(at, len(entries)), {"type": group, "step": "pay"})
    if len(single) == len(ITEMS):
        entries = [entry for entry in entries if entry["step"] != "pay"]

    assert read(*entries) == {f"pay[INV-{n}]": single.get(n, group) for n in range(4)}


PAYEES = [
    ApprovalRequest(
        id=f"ap_{n}",
        step=f"pay[{n}]",
        tool="pay",
        args={"to": f"payee {n}", "amount": 1.0},
        # The user named the first one; a mail the others.
        provenance={"to": ("tool:read_mail#mail",)} if n else {},
    )
    for n in range(3)
]


def endorsed(*entries: Any) -> dict[str, list[str]]:
    """Return request → the arguments whose values are endorsed."""
    decisions = read_decisions({"decisions": [*entries]}, PAYEES)
    return {d.approval_id: [entry.argument for entry in d.endorse] for d in decisions}


def test_one_decision_endorses_a_column() -> None:
    """The items whose value needs nobody's word are approved without."""
    said = {"type": "approve", "step": "pay", "endorse": ["to"]}
    assert endorsed(said) == {"ap_0": [], "ap_1": ["to"], "ap_2": ["to"]}


def test_an_item_is_left_out_of_a_column_by_its_own_decision() -> None:
    """Approved without an endorsement, or rejected."""
    said = {"type": "approve", "step": "pay", "endorse": [{"argument": "to", "for": "tenant"}]}
    assert endorsed(said, {"type": "approve", "step": "pay[1]"})["ap_1"] == []
    assert endorsed(said, {"type": "reject", "step": "pay[2]"})["ap_2"] == []


@pytest.mark.parametrize(
    "endorse", [["amount"], ["to", {"argument": 3}], "to", [{"argument": "to", "for": "all"}]]
)
def test_a_column_that_nothing_is_asked_about_is_refused(endorse: Any) -> None:
    """As is one that is no list of arguments."""
    with pytest.raises(DecisionError, match="endorse"):
        endorsed({"type": "approve", "step": "pay", "endorse": endorse})


def test_a_single_item_is_still_told_that_its_value_needs_no_word() -> None:
    """Whoever names one item means that item's value."""
    with pytest.raises(DecisionError, match="needs no endorsement"):
        endorsed({"type": "approve", "step": "pay[0]", "endorse": ["to"]})
