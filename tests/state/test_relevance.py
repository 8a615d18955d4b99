"""Relevance: which sentences an answer without a model is made of."""

from __future__ import annotations

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
