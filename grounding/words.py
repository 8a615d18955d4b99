"""Words: how text of any of the languages becomes comparable tokens."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])")
_UMLAUTS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "’": "'", "ı": "i", "ł": "l", "đ": "d", "ð": "d"}
)
_ENDINGS = tuple(
    """aciones acion ations ation ungen ung ments ment ing ies als al iert ees ers ern ed es en er
    em as os ee e s n a o t""".split()  # noqa: SIM905 - a word list reads better as text
)

LONGEST_TOKEN = 64
"""Characters of a token that are compared; more is no word."""


class Token(NamedTuple):
    """A run of letters and digits, with its folded form and its place."""

    text: str
    folded: str
    start: int
    end: int


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Return text without case and accents; `Brückner`, `Brueckner` and `BRUCKNER` are one."""
    plain = text.casefold().translate(_UMLAUTS)
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return plain.replace("ae", "a").replace("oe", "o").replace("ue", "u")


@lru_cache(maxsize=8192)
def stem(folded: str) -> str:
    """Return a folded word cut to a crude stem of at least four letters."""
    for ending in _ENDINGS:
        if folded.endswith(ending) and len(folded) - len(ending) >= 4:
            return folded[: -len(ending)]
    return folded


def tokens(text: str) -> list[Token]:
    """Return the tokens of a text."""
    return [
        Token(m[0], fold(m[0][:LONGEST_TOKEN]), m.start(), m.end()) for m in _TOKEN.finditer(text)
    ]


def folded_words(text: str) -> frozenset[str]:
    """Return the folded tokens of a text."""
    return frozenset(t.folded for t in tokens(text))


def stems(text: str) -> frozenset[str]:
    """Return the stems of a text's words of at least three letters."""
    return frozenset(stem(w) for w in folded_words(text) if len(w) >= 3 and not w.isdecimal())


def key_words(key: str) -> tuple[str, ...]:
    """Return the folded words of a field's name: `distanceGare_m` has three."""
    return tuple(t.folded for t in tokens(_CAMEL.sub(" ", key)))


def listed(text: str) -> frozenset[str]:
    """Return the folded words of a word list."""
    return frozenset(fold(word) for word in text.split())
