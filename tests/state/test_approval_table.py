"""Approval tables: what differs between the items, what is alike, and exact totals."""

from __future__ import annotations

from pointsman.state.approval import ApprovalRequest
from pointsman.state.approval_table import tables_of


def asked(step: str, **args: object) -> ApprovalRequest:
    """Write a request."""
    return ApprovalRequest(id=f"ap_{step}", step=step, tool="pay", args=dict(args))


def test_a_table_shows_what_differs_and_adds_it_up_exactly() -> None:
    """What all share stands beside it once."""
    [table] = tables_of(
        [asked(f"pay[I-{n}]", to=f"I-{n}", amount=0.1, currency="EUR", n=n) for n in (1, 2, 3)]
    )

    assert table.same == {"amount": 0.1, "currency": "EUR"}
    assert table.columns == ("to", "n")
    assert [row.values for row in table.rows] == [("I-1", 1), ("I-2", 2), ("I-3", 3)]
    assert table.totals == {"n": "6"}


def test_totals_are_those_of_decimals() -> None:
    """Ten cents and twenty are thirty."""
    [table] = tables_of([asked("pay[a]", amount=0.1), asked("pay[b]", amount=0.2)])

    assert table.totals == {"amount": "0.3"}


def test_an_item_without_an_argument_has_none_in_its_column() -> None:
    """An absent argument is no argument that all share."""
    [table] = tables_of([asked("pay[a]", note="x"), asked("pay[b]", amount=1)])

    assert table.columns == ("note", "amount")
    assert [row.values for row in table.rows] == [("x", None), (None, 1)]


def test_loops_in_loops_show_both_keys_and_single_requests_no_table() -> None:
    """A table has two rows at least."""
    [table] = tables_of([asked("mail"), asked("pay[a][1]"), asked("pay[b][1]"), asked("book[a]")])

    assert table.step == "pay"
    assert [row.item for row in table.rows] == ["a 1", "b 1"]
