"""Features of a request's text: hashed word n-grams and a few measures. Pure, and quick."""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from itertools import pairwise

DIMENSIONS = 1 << 16
"""Slots for hashed n-grams; collisions are rare at the length of a prompt."""
MAX_CHARACTERS = 20_000
"""Longer requests are judged by their beginning."""

_WORD = re.compile(r"[^\W\d_]+|\d+|[^\w\s]")
_SCALES: tuple[tuple[str, float], ...] = (
    ("characters", 3.0),
    ("lines", 1.0),
    ("word length", 3.0),
    ("digits", 0.2),
    ("symbols", 0.2),
    ("capitals", 0.2),
    ("questions", 1.0),
)
MEASURES = len(_SCALES)
WIDTH = DIMENSIONS + MEASURES
"""Length of a feature vector."""


def features(text: str) -> dict[int, float]:
    """Return the sparse feature vector of a request, position → value.

    Word unigrams and bigrams share one hashed block of Euclidean length 1; measures of the text
    follow it, scaled to about the same size.
    """
    text = text[:MAX_CHARACTERS]
    words = _WORD.findall(text.lower())
    pairs = [f"{one} {other}" for one, other in pairwise(words)]
    counts = Counter(zlib.crc32(gram.encode()) % DIMENSIONS for gram in (*words, *pairs))
    weights = {slot: 1.0 + math.log(count) for slot, count in counts.items()}
    length = math.sqrt(sum(value * value for value in weights.values())) or 1.0
    vector = {slot: value / length for slot, value in weights.items()}
    vector.update(
        (DIMENSIONS + number, value) for number, value in enumerate(_measures(text, words))
    )
    return vector


def _measures(text: str, words: list[str]) -> list[float]:
    size = max(1, len(text))
    raw = (
        math.log1p(len(text)),
        math.log1p(text.count("\n")),
        sum(map(len, words)) / max(1, len(words)),
        sum(char.isdigit() for char in text) / size,
        sum(not char.isalnum() and not char.isspace() for char in text) / size,
        sum(char.isupper() for char in text) / size,
        math.log1p(text.count("?")),
    )
    return [value / scale / 10 for value, (_, scale) in zip(raw, _SCALES, strict=True)]
