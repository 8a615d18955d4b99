"""Relevance: which sentences an answer without a model is made of."""

from __future__ import annotations

import pytest

from pointsman.state.relevance import most_relevant, sentences


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


@pytest.mark.parametrize(
    "text",
    [
        "Ihr Paket wurde am 23. Oktober erwartet, die Frist ist seit dem 13. November vorbei.",
        "Sie kommt am 3. Werktag nach dem Versand.",
        "Das gilt z. B. Kunden mit Konto.",
        "Dear Mr. Keller, it is on its way.",
        "I mailed Ann: Please review it. (by 3 May); Bob: Please call.",
    ],
)
def test_an_abbreviation_or_ordinal_ends_no_sentence(text: str) -> None:
    """What comes after the stop belongs to the sentence: a date is never cut in two."""
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Se le devolvió el dinero. ¿Algo más?", "Se le devolvió el dinero."),
        ("C'est fait. À bientôt !", "C'est fait."),
        ("Erledigt. Über das Konto.", "Erledigt."),
        ("There are 12. Thanks.", "There are 12."),
    ],
)
def test_a_sentence_begins_with_any_capital_letter(text: str, first: str) -> None:
    """A claim is not read as a part of the question after it."""
    assert sentences(text)[0] == first


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1. Castle Rock\n2. Museum", ["1. Castle Rock", "2. Museum"]),
        ("1. It is open. 2. It is free.", ["1. It is open.", "2. It is free."]),
        ("12. Thanks.", ["12.", "Thanks."]),
        ("There are 3. 1. Castle Rock", ["There are 3.", "1. Castle Rock"]),
    ],
)
def test_the_mark_of_an_item_is_no_sentence(text: str, parts: list[str]) -> None:
    """Marks count from one; any other number with a stop is what a sentence says."""
    assert sentences(text) == parts
