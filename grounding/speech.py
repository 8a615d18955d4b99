"""Speech that claims nothing: questions, offers and courtesies, in four languages."""

from __future__ import annotations

import re

from .lexicon.reading import any_of, lexicon
from .words import fold

_WORDS = lexicon("speech")
_ASKING = re.compile(
    rf"^(?:(?:{any_of(_WORDS['before_asking'])})[,:]?\s)*[¿]?(?:{any_of(_WORDS['asking'])})\b",
    re.IGNORECASE,
)
_TELLING = re.compile(rf"^(?:{any_of(_WORDS['telling'])})\b", re.IGNORECASE)
_OFFER = re.compile(rf"\b(?:{any_of(_WORDS['offer'])})", re.IGNORECASE)
_COURTESY = re.compile(rf"^(?:{any_of(_WORDS['courtesy'])})", re.IGNORECASE)
_REFUSAL = re.compile(rf"\b(?:{any_of(_WORDS['refusal'])})\b", re.IGNORECASE)
_EXAMPLE = re.compile(rf"(?:^|[\s(])(?:{any_of(_WORDS['example'])})[,:]?\s*$", re.IGNORECASE)
_RESTATED = re.compile(rf"^(?:{any_of(_WORDS['restated'])})\b", re.IGNORECASE)
_LONGEST_COURTESY = 14


def is_question(text: str) -> bool:
    """Return whether a sentence asks; `Did you know that …?` tells something."""
    stripped = text.strip().rstrip("»\"'”)")
    if not stripped.endswith("?") or _TELLING.match(stripped.lstrip("¿")):
        return False
    last = re.split(r"[.!:,;]\s|\s[–—-]\s", stripped)
    return bool(
        stripped.startswith("¿")
        or any(_ASKING.match(part.strip()) for part in (last[-1], stripped))
    )


def restates_question(text: str) -> bool:
    """Return whether a sentence only says what the user wants to know."""
    return bool(_RESTATED.match(text.strip()))


def is_offer(text: str) -> bool:
    """Return whether a sentence offers something or asks to be told."""
    return bool(_OFFER.search(text))


def is_courtesy(text: str) -> bool:
    """Return whether a sentence only greets, thanks, regrets, wishes or shows understanding."""
    return bool(_COURTESY.match(text.strip())) and len(fold(text).split()) <= _LONGEST_COURTESY


def is_refusal(text: str) -> bool:
    """Return whether the agent says what it cannot or may not do."""
    return bool(_REFUSAL.search(text))


def names_example(text: str, start: int) -> bool:
    """Return whether what begins there is named as an example: `for example ORD-1001`."""
    return bool(_EXAMPLE.search(text[max(0, start - 24) : start]))
