"""Grounding: whether evidence carries a sentence, decided without a model.

Two rules. Every checkable fact in the sentence (number, identifier, e-mail address, date) must
stand in the evidence it cites: a wrong amount or order number never passes. And enough of its
content words must stand there too, so that a sentence cannot cite something unrelated. A verifier
model can be asked in addition; it can only reject.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
_IDENTIFIER = re.compile(r"\b[A-Za-z]+[-_]?\d[\w-]*\b|\b\d{4}-\d{2}-\d{2}\b")
_NUMBER = re.compile(r"(?<![\w.,-])[-+]?\d+(?:,\d{3})*(?:\.\d+)?(?![\w])")
_WORD = re.compile(r"[^\W\d_]{4,}")

MIN_WORD_OVERLAP = 0.5
"""Share of a model-written sentence's content words that its evidence must hold."""

_STOP = frozenset(
    """about above after again also been before being below between both could does doing down
    during each from further have having here hers into itself just more most must only other
    ours over same shall should some such than that their theirs them then there these they this
    those through under until very were what when where which while will with would your yours
    """.split()  # noqa: SIM905 - a word list reads better as text
)


def facts(text: str) -> frozenset[str]:
    """Return the checkable facts of a text, normalized: `1,200.50` and `1200.5` are one."""
    emails = {match.lower() for match in _EMAIL.findall(text)}
    rest = _EMAIL.sub(" ", text)
    identifiers = {match.lower() for match in _IDENTIFIER.findall(rest)}
    rest = _IDENTIFIER.sub(" ", rest)
    return frozenset(emails | identifiers | {_number(n) for n in _NUMBER.findall(rest)})


def _number(text: str) -> str:
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return text
    return format(value.normalize() if value else Decimal(0), "f")


def content_words(text: str) -> frozenset[str]:
    """Return the lower-case words that carry meaning, cut to a crude stem."""
    return frozenset(_stem(w) for w in _WORD.findall(text.lower()) if w not in _STOP)


def _stem(word: str) -> str:
    for ending in ("ations", "ation", "ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word


def missing_facts(sentence: str, evidence: Sequence[str]) -> frozenset[str]:
    """Return the facts of the sentence that no evidence text holds."""
    held = frozenset[str]().union(*(facts(text) for text in evidence))
    return facts(sentence) - held


def word_overlap(sentence: str, evidence: Sequence[str]) -> float:
    """Return the share of the sentence's content words that the evidence holds, from 0 to 1."""
    words = content_words(sentence)
    if not words:
        return 1.0
    held = frozenset[str]().union(*(content_words(text) for text in evidence))
    return len(words & held) / len(words)


def unsupported(sentence: str, evidence: Sequence[str], *, written_by_model: bool) -> str:
    """Return why the evidence does not carry the sentence, or an empty string if it does."""
    if not evidence:
        return "it cites nothing"
    if missing := missing_facts(sentence, evidence):
        return f"its evidence does not hold {', '.join(sorted(missing))}"
    if written_by_model and (share := word_overlap(sentence, evidence)) < MIN_WORD_OVERLAP:
        return f"its evidence holds {share:.0%} of its words"
    return ""


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'(])|\n+")


def sentences(text: str) -> list[str]:
    """Split text into sentences, Markdown markers removed."""
    parts = (part.strip(" \t#*->|") for part in _SENTENCE_END.split(text))
    return [part for part in parts if part]


def most_relevant(task: str, text: str, *, limit: int) -> list[str]:
    """Return the sentences that share most content words with the task, in their own order."""
    asked = content_words(task)
    found = sentences(text)
    scored = [(len(asked & content_words(s)), -index, s) for index, s in enumerate(found)]
    best = sorted((entry for entry in scored if entry[0]), reverse=True)[:limit]
    return [s for _, _, s in sorted(best, key=lambda entry: -entry[1])]
