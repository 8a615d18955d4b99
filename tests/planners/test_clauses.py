"""Clauses: where a message is cut, and what its parts are."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.planners.clauses import clauses, joined


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Where is A and what is B?", ["Where is A", "what is B?"]),
        ("What is the policy on damaged and late items?", None),
        ("Refund it, then tell the customer.", ["Refund it", "tell the customer."]),
        (
            "Change the email to x and the address to y",
            ["Change the email to x", "the address to y"],
        ),
        ("Where is A? Where is B?", ["Where is A?", "Where is B?"]),
        ("It cost $1,250.50 in all", None),
    ],
)
def test_a_cut_is_made_where_a_request_begins(text: str, parts: list[str] | None) -> None:
    """An "and" between nouns is no cut; one before a new request is."""
    assert [clause.text for clause in clauses(text)] == (parts or [text])


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Hi there! Where is it? Thanks, Maria", ["filler", "request", "filler"]),
        ("My kettle arrived broken. Please refund it.", ["background", "request"]),
        ("I bought a mug and delete my account", ["background", "request"]),
        ("The account should be deleted.", ["request"]),
        ("Good morning, hope you are well", ["filler"]),
    ],
)
def test_parts_are_told_apart(text: str, kinds: list[str]) -> None:
    """Greetings ask for nothing, stories tell what happened, and everything else is a request."""
    assert [clause.kind for clause in clauses(text)] == kinds


@given(st.text(max_size=200))
def test_no_word_is_lost(text: str) -> None:
    """Whatever the text, each clause stands in it, in order."""
    source = re.sub(r"[^\S\n]+", " ", text.replace("’", "'"))
    position = 0
    for clause in clauses(text):
        position = source.index(clause.text, position) + len(clause.text)


@given(st.text(max_size=200))
def test_joining_keeps_every_clause(text: str) -> None:
    """A group's text has all of its clauses."""
    parts = clauses(text)

    assert all(part.text in joined(parts) for part in parts)
