"""Traits: which rows a yes-or-no field divides, and which side of it a sentence means.

A number divides them too where some rows have none of it: `exit_fee: 0` is a tariff without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .clauses import SpokenClause, read_clauses, yes_or_no
from .evidence import Row
from .facts import StatedFacts
from .opposites import concept_of
from .relative import WEEKDAYS
from .words import key_words, listed, stem

_TO_PAY = re.compile(
    r"\b(?:(?:still|left|yet|remain\w*|have|need) to (?:be paid|pay)|(?:sin|por) pagar"
    r"|pendientes? de pago|(?:à|reste\w* à) (?:payer|régler)|zu (?:be)?zahlen|zu begleichen)\b",
    re.IGNORECASE,
)
_LEFT = re.compile(
    r"left|free|available|remaining|frei\w*|verfugbar\w*|ubrig|libres?|disponibles?|restant\w*"
)
_STILL = listed("still left noch encore aún todavía quedan queda remain remaining reste restent")


@dataclass(frozen=True, kw_only=True)
class Trait:
    """A field that a sentence names, and the rows that it divides."""

    key: str
    so: list[Row]
    not_so: list[Row]
    sign: int
    """1 where the sentence says that it is so, -1 where it denies it."""

    @property
    def meant(self) -> list[Row]:
        """The rows of which it is so as the sentence says."""
        return self.so if self.sign > 0 else self.not_so


def traits(rows: Sequence[Row], facts: StatedFacts) -> Iterator[Trait]:
    """Yield the fields that divide rows and that the sentence names."""
    clauses = read_clauses(facts.text)
    folded = frozenset(t.folded for t in facts.tokens)
    for key, values in _divisions(rows).items():
        numbered = not any(key in row.flags for row in rows)
        if sign := _to_pay(key, facts.text) or _sign(key, clauses, folded, whole=numbered):
            yield Trait(
                key=key,
                so=[row for row, is_so in values if is_so],
                not_so=[row for row, is_so in values if not is_so],
                sign=sign,
            )


def flagged_rows(rows: Sequence[Row], facts: StatedFacts) -> list[list[Row]]:
    """Return the rows for which a field that the sentence names is so, and is not so."""
    return [side for trait in traits(rows, facts) for side in (trait.so, trait.not_so)]


def _divisions(rows: Sequence[Row]) -> dict[str, list[tuple[Row, bool]]]:
    found: dict[str, list[tuple[Row, bool]]] = {}
    numbers: dict[str, list[tuple[Row, bool]]] = {}
    for row in rows:
        for key, is_so in row.flags.items():
            found.setdefault(key, []).append((row, is_so))
        for key, text in row.labels:
            if (is_so := yes_or_no(text)) is not None:
                found.setdefault(key, []).append((row, is_so))
        for held in row.held:
            if held.path and not held.quantity.end and len(held.path) == len(row.path) + 1:
                is_some = held.quantity.values[0] != 0
                numbers.setdefault(held.key, []).append((row, is_some))
    divided = {k: v for k, v in numbers.items() if len({is_some for _, is_some in v}) == 2}
    return divided | found


def _to_pay(key: str, text: str) -> int:
    """Return what a sentence says of a field of payments that speaks of what is to be paid."""
    signs = [c[1] for word in key_words(key) if (c := concept_of(word)) and c[0] == "paid"]
    return -signs[0] if signs and _TO_PAY.search(text) else 0


def _sign(key: str, clauses: Sequence[SpokenClause], folded: frozenset[str], *, whole: bool) -> int:
    """Return how a sentence speaks of a field: 1 that it is so, -1 that not, 0 if not at all.

    Args:
        key: The field's name.
        clauses: The sentence's.
        folded: Its words.
        whole: Whether it must name each word of it, as of a number's field.
    """
    words = [w for w in key_words(key) if len(w) > 2]
    named = [w for w in words if _is_said(w, folded) or (whole and _is_left(w, folded))]
    if not named or (whole and len(named) < len(words)):
        return 0
    for clause in clauses:
        for word in named:
            if sign := _sign_in(clause, word):
                return sign
    denied = any(clause.denies for clause in clauses)
    return -1 if denied else 1


def _is_left(word: str, folded: frozenset[str]) -> bool:
    """`Two still have seats` says of `seats_left` what it does not name."""
    return bool(_LEFT.fullmatch(word)) and bool(_STILL & folded)


def _is_said(word: str, folded: frozenset[str]) -> bool:
    concept = concept_of(word)
    return any(
        stem(word) == stem(own)
        or (concept is not None and (of := concept_of(own)) is not None and of[0] == concept[0])
        or (word in WEEKDAYS and WEEKDAYS.get(own) == WEEKDAYS[word])
        for own in folded
    )


def _sign_in(clause: SpokenClause, word: str) -> int:
    concept = concept_of(word)
    for mention in clause.concepts:
        if concept is not None and mention.name == concept[0]:
            return mention.sign * concept[1]
    return next((m.sign for m in clause.words if m.name == stem(word)), 0)
