"""A number over a list that was seen only in part is none; what the list itself says still is."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from pointsman.grounding.check import check
from pointsman.grounding.evidence import index
from pointsman.grounding.ground import Ground

ORDERS = [
    {
        "id": f"ORD-{1000 + n}",
        "customer": f"Customer {n}",
        "status": "open" if n % 3 else "shipped",
        "items": n % 7 + 1,
        "total": 10.0 + n,
    }
    for n in range(40)
]
TEXT = json.dumps({"as_of": "2026-03-01", "pages": 9, "count": 812, "orders": ORDERS})
NOTES = json.dumps({"note": "Ann counted: 27 open orders, together 801.00 euros."})


def ground(*in_part: str) -> Ground:
    """A list of orders, a note about it, and which of the two was seen only in part."""
    known = Ground(
        evidence={
            "s1": index("s1", "orders", TEXT),
            "s2": index("s2", "notes", NOTES),
        },
        today=date(2026, 3, 10),
        request="How many of our orders are open? Show me 3 of them.",
    )
    return known.seen_in_part(in_part)


COUNTS = [
    "There are 40 orders.",
    "There are forty orders.",
    "26 orders are open.",
    "14 of the orders are shipped.",
    "In total 26 orders are open.",
    "7 orders are open.",
    "There are 400 orders.",
    "The number of open orders is 26.",
    "Together the orders come to 1180.00.",
    "The orders total 1,180 euros.",
    "In all, 160 items were ordered.",
    "Es gibt insgesamt 40 Bestellungen.",
    "Au total, il y a 40 commandes.",
]


@pytest.mark.parametrize("sentence", COUNTS)
def test_a_count_or_total_over_a_part_fails(sentence: str) -> None:
    """Also where it happens to be right, or happens to stand somewhere in the list."""
    verdict = check(sentence, ["s1"], ground("s1"))

    assert verdict.status == "failed"
    assert "only in part" in verdict.reason


@pytest.mark.parametrize("sentence", ["There are 40 orders.", "26 orders are open."])
def test_over_the_whole_list_it_is_carried(sentence: str) -> None:
    """The same sentence where nothing was cut."""
    assert check(sentence, ["s1"], ground()).status == "carried"


@pytest.mark.parametrize(
    "sentence",
    [
        "Order ORD-1004 is open.",
        "Order ORD-1004 has 5 items.",
        "ORD-1004 comes to a total of 14.00.",
        "There are 9 pages of them.",
        "There are 812 of them.",
        "As of 2026-03-01, ORD-1004 is open.",
    ],
)
def test_what_an_entry_or_a_field_says_is_carried(sentence: str) -> None:
    """It was seen, and needs no counting."""
    verdict = check(sentence, ["s1"], ground("s1"))

    assert verdict.status != "failed", verdict.reason


def test_what_was_seen_whole_carries_beside_it() -> None:
    """A second source that says the number itself is enough."""
    sentence = "There are 27 open orders, together 801.00 euros."

    assert check(sentence, ["s1", "s2"], ground("s1")).status == "carried"
    assert check(sentence, ["s2"], ground("s2")).status == "carried"
    assert check(sentence, ["s1"], ground("s1")).status == "failed"


@pytest.mark.parametrize("count", range(2, 61))
def test_no_count_is_saved_by_coincidence(count: int) -> None:
    """A long list holds nearly every small number somewhere."""
    verdict: Any = check(f"{count} orders are still open.", ["s1"], ground("s1"))

    assert verdict.status == "failed"


@pytest.mark.parametrize(
    "sentence",
    [
        "None of the orders is open.",
        "No order is cancelled.",
        "There are no cancelled orders.",
        "There aren't any cancelled orders.",
        "All orders are open.",
        "The orders are all open.",
        "Every order is open or shipped.",
        "Nothing is cancelled.",
        "Keine Bestellung ist storniert.",
        "Alle Bestellungen sind offen.",
        "Aucune commande n'est annulée.",
        "Toutes les commandes sont ouvertes.",
        "Ningún pedido está cancelado.",
        "Todos los pedidos están abiertos.",
    ],
)
def test_what_is_said_of_all_over_a_part_fails(sentence: str) -> None:
    """None, no and all are counts; over the whole list they are not refused for that."""
    assert "only in part" in check(sentence, ["s1"], ground("s1")).reason
    assert "only in part" not in check(sentence, ["s1"], ground()).reason


@pytest.mark.parametrize(
    "sentence",
    [
        "All items of order ORD-1004 are open.",
        "Not all orders could be read.",
        "Would you like to see all of them?",
        "Order ORD-1004 is open.",
    ],
)
def test_what_is_said_of_one_entry_or_of_what_was_not_read_is_kept(sentence: str) -> None:
    """Nothing is said of the rest."""
    assert check(sentence, ["s1"], ground("s1")).status != "failed"


@pytest.mark.parametrize(
    "sentence", ["You have 2 reminders.", "There are two invoices overdue.", "2 payments failed."]
)
def test_a_count_that_cites_nothing_is_no_coincidence_away_from_being_carried(
    sentence: str,
) -> None:
    """Request and instructions are two things, and no list of what was counted."""
    known = Ground(
        evidence={"s1": index("s1", "orders", TEXT)},
        today=date(2026, 3, 10),
        request="Show my mugs and plates.",
        instructions="Be brief.",
    )
    assert check(sentence, [], known).status == "failed"
