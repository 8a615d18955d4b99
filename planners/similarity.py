"""Lexical similarity: how close a request is to the examples of each label, and why.

TF-IDF cosine over words, word pairs and the three-letter pieces of words. Order numbers, e-mail
addresses, amounts and dates are masked first, so that `ORD-1003` and `ORD-2041` are the same word.
Deterministic, needs no download, and every score can be explained by the words it rests on.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Vector = dict[str, float]

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]+(?:\.[\w-]+)+")
_MASKS: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"https?://\S+"), " <url> "),
    (_EMAIL, " <email> "),
    (re.compile(r"\b[a-z]{2,5}-\d+\b", re.IGNORECASE), " <id> "),
    (
        re.compile(r"[$€£]\s?\d[\d,.]*|(?<![\d,.])\d[\d,.]*+\s?(?:usd|eur|dollars|euros)\b"),
        " <amount> ",
    ),
    (re.compile(r"\b\d{4}-\d{2}-\d{2}\b"), " <date> "),
    (re.compile(r"#?\b\d[\d,.]*\b"), " <number> "),
)
_CONTRACTIONS: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"\b(can)(?:'t|not)\b"), r"\1 not"),
    (re.compile(r"\b(do|does|did|has|have|is|was|are|were|would|could|should)n'?t\b"), r"\1 not"),
    (re.compile(r"\bwon'?t\b"), "will not"),
    (re.compile(r"\b(what|where|who|when|how|it|that|there)'?s\b"), r"\1 is"),
    (re.compile(r"'(?:d|ll|ve|re|m|s)\b"), ""),
    (re.compile(r"\be-mail"), "email"),
)
_WORD = re.compile(r"<[a-z]+>|[^\W_]+")
_SUFFIXES = (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""))

WORD, PAIR, PIECE = 1.0, 0.5, 0.3
"""Weights of the three kinds of features: a shared word says more than a shared piece of one."""

UNKNOWN = 0.8
"""Weight of a word that no example has, next to that of the rarest known one."""


def words(text: str) -> list[str]:
    """Return the normalized words of a text: masked, contractions opened, endings cut."""
    text = text.casefold().replace("’", "'")
    for pattern, replacement in (*_MASKS, *_CONTRACTIONS):
        text = pattern.sub(_prefixed if replacement == " <id> " else replacement, text)
    return [_stem(word) for word in _WORD.findall(text)]


def entities(text: str) -> frozenset[str]:
    """Return the kinds of things that a text names: `<ord>`, `<email>`, `<amount>`, `<url>`.

    Plain numbers and dates are left out: they tell what happened as often as what is asked.
    """
    return frozenset(w for w in words(text) if w.startswith("<")) - {"<number>", "<date>"}


def _prefixed(match: re.Match[str]) -> str:
    return f" <{match.group().split('-')[0].lower()}> "


def _stem(word: str) -> str:
    for suffix, replacement in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            return word.removesuffix(suffix) + replacement
    return word


def _features(text: str) -> Iterator[tuple[str, float]]:
    found = words(text)
    for word in found:
        yield word, WORD
        if not word.startswith("<"):
            padded = f"^{word}$"
            share = PIECE / max(1, len(padded) - 2) ** 0.5
            yield from ((f"~{padded[i : i + 3]}", share) for i in range(len(padded) - 2))
    for left, right in pairwise(found):
        yield f"{left} {right}", PAIR


@dataclass(frozen=True, kw_only=True)
class IntentMatch:
    """How close a text is to one label."""

    label: str
    score: float
    """From 0 (nothing in common) to 1 (the same words)."""
    example: str
    """The nearest example."""
    shared: tuple[str, ...]
    """The words and word pairs that the score rests on most, strongest first."""


class SimilarityIndex:
    """Examples by label, ready to be compared with.

    The score of a label is the mean of two: the cosine to its nearest example, and how much of the
    request the label's examples cover together. The first wants the request to be said as somebody
    said it before, the second lets it combine their words.

    Args:
        examples: Label → example texts. Labels without examples are never matched.
    """

    def __init__(self, examples: Mapping[str, Sequence[str]]) -> None:
        texts = [(label, text) for label, group in examples.items() for text in group]
        seen = Counter(name for _, text in texts for name in {n for n, _ in _features(text)})
        self._rarity = {name: math.log((1 + len(texts)) / count) for name, count in seen.items()}
        self._unknown = UNKNOWN * math.log(1 + len(texts))
        self._examples = [(label, text, self._vector(text)) for label, text in texts]
        self._vocabulary = {
            label: frozenset(name for text in group for name, _ in _features(text))
            for label, group in examples.items()
            if group
        }

    def _vector(self, text: str) -> Vector:
        weights: Vector = {}
        for name, weight in _features(text):
            # A word that no example has is what the request has to itself, and counts against all.
            # Its pairs and pieces would only say the same again.
            rarity = self._rarity.get(name, self._unknown if weight == WORD else 0.0)
            weights[name] = weights.get(name, 0.0) + weight * rarity
        norm = math.sqrt(sum(weight * weight for weight in weights.values()))
        return {name: weight / norm for name, weight in weights.items()} if norm else {}

    def rank(self, text: str) -> list[IntentMatch]:
        """Return one match a label, closest first; equal scores keep the order of the labels."""
        query = self._vector(text)
        nearest: dict[str, tuple[float, str, Vector]] = {}
        for label, example, vector in self._examples:
            cosine = _cosine(query, vector)
            if label not in nearest or cosine > nearest[label][0]:
                nearest[label] = cosine, example, vector
        matches = [
            IntentMatch(
                label=label,
                score=(cosine + self._covered(query, label)) / 2,
                example=example,
                shared=_shared(query, vector),
            )
            for label, (cosine, example, vector) in nearest.items()
        ]
        return sorted(matches, key=lambda match: -match.score)

    def _covered(self, query: Vector, label: str) -> float:
        known = self._vocabulary[label]
        return sum(weight * weight for name, weight in query.items() if name in known)


def _cosine(left: Vector, right: Vector) -> float:
    small, large = (left, right) if len(left) <= len(right) else (right, left)
    return min(1.0, sum(weight * large.get(name, 0.0) for name, weight in small.items()))


def _shared(left: Vector, right: Vector, most: int = 5) -> tuple[str, ...]:
    common = [name for name in left if name in right and not name.startswith("~")]
    return tuple(sorted(common, key=lambda name: -left[name] * right[name])[:most])
