"""Grounding: what evidence carries, decided without a model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.state.grounding import facts, most_relevant, sentences, unsupported

EVIDENCE = ["Order ORD-1001 of ann@example.org: total 1,249.50 US dollars, delivered 2026-10-27."]


@pytest.mark.parametrize(
    "claim",
    [
        "Order ORD-1001 had a total of 1249.5 dollars.",
        "The order was delivered on 2026-10-27.",
        "It belongs to Ann@example.org, total 1,249.50 dollars.",
    ],
)
def test_a_claim_whose_facts_stand_in_the_evidence_is_carried(claim: str) -> None:
    """Spelling of numbers and letter case do not matter."""
    assert not unsupported(claim, EVIDENCE, written_by_model=False)


@pytest.mark.parametrize(
    ("claim", "missing"),
    [
        ("Order ORD-1002 was delivered.", "ord-1002"),
        ("The total was 1249.51 dollars.", "1249.51"),
        ("It was delivered on 2026-10-28.", "2026-10-28"),
        ("It belongs to eve@example.org.", "eve@example.org"),
        ("The total was 249.50 dollars.", "249.5"),
    ],
)
def test_a_wrong_fact_is_never_carried(claim: str, missing: str) -> None:
    """One wrong number, date, id or address is enough, and it is named."""
    assert missing in unsupported(claim, EVIDENCE, written_by_model=False)


def test_a_model_may_not_cite_something_unrelated() -> None:
    """A sentence without facts still needs words of its evidence."""
    claim = "Penguins live happily around the southern ocean."
    assert unsupported(claim, EVIDENCE, written_by_model=True)
    assert "cites nothing" in unsupported(claim, [], written_by_model=False)


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_a_number_is_found_however_it_is_written(number: object) -> None:
    """Thousands separators and trailing zeros are spelling."""
    assert facts(f"{number:,}") == facts(f"{number}") == facts(f"about {number} dollars")


def test_the_relevant_sentences_come_in_their_own_order() -> None:
    """Those that share words with the task, and no others."""
    text = "Returns are free. Shipping takes days. A return needs a label. Tea is hot."
    assert most_relevant("How do returns work", text, limit=3) == [
        "Returns are free.",
        "A return needs a label.",
    ]


def test_sentences_lose_their_markdown() -> None:
    """Headings and list markers are not part of a sentence."""
    assert sentences("## Refunds\n- First. Second!\n") == ["Refunds", "First.", "Second!"]
