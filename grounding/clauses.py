"""Clauses: what each clause of a text or field says to be so, and what not to be so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .dates import dates
from .evidence import Indexed
from .language import language_of
from .opposites import concept_of, concept_of_field
from .records import Leaf
from .relative import weekday_of
from .words import Token, fold, key_words, listed, stem, tokens

_CLAUSE = re.compile(
    # Tried once for each run of signs, from its beginning.
    r"(?<![.;:!?\n])[.;:!?\n]+(?=\s|$)|,?\s(?:but|aber|sondern|mais|pero|sino|while|whereas|während)\s|,\s"
)
_NOT_ENGLISH = re.compile(r"n['’]t\b", re.IGNORECASE)
_NE_QUE = re.compile(
    r"\bn(?:e |[’'])((?:(?!pas\b|plus\b|jamais\b|point\b)[^\W\d_]{1,20} ){1,4}qu(?=e |[’']))",
    re.IGNORECASE,
)
"""`Il ne peut être prolongé qu'une fois` says how often it can, and denies nothing."""
_ZERO = re.compile(r"(?<![\d.,])0(?:[.,]0{1,2})?(?![\d.,]?\d)(?=\s[^\W\d_])")
_WITHOUT_COST = re.compile(
    r"\b(?:free of charge|at no (?:extra )?(?:cost|charge)|no charge|without charge"
    r"|ohne kosten|ohne aufpreis|sans frais|sin (?:ningún )?(?:coste|costo|cargo)s?)\b",
    re.IGNORECASE,
)
_NEEDED = re.compile(r"\b(?:hacen? falta|il (?:vous )?faut)\b", re.IGNORECASE)
_LEAD = re.compile(
    r"(?:^|(?<=[.;!?:\n]\s)|(?<=\n))"
    r"((?:à partir d|a partir de|ab|from|above|over|more than|mehr als|plus de|más de|en cas d"
    r"|in case of)"
    r"[^,.;:\n]{1,60}),\s",
    re.IGNORECASE,
)
"""`From eight people on, a deposit is asked`: of fewer, nothing says that one is."""
_EXTRA = re.compile(
    r"\b(?:costs? extra|kostet extra|kosten extra|(?:est|sont) en supplément|se paga aparte)\b",
    re.I,
)
_NEGATIONS = listed(
    """not no never without cannot nor neither none nothing non
    nicht kein keine keinen keinem keiner keines nie niemals ohne nichts noch_nicht
    ne n pas sans aucun aucune jamais ni nunca sin ningún ninguna ninguno tampoco nada"""
)
_STOP = listed(
    """back yet need needs have has had does did the this that with your from have been
    will would there their they which about after before into than then when what where also been
    more most such each other some does were here within
    innerhalb binnen
    der die das und ist sind wird werden wurde wurden haben hatte eine einen einem einer ihre ihren
    ihrem ihrer sich auch noch nach oder über diese dieser dieses dieser für mit von dem den des
    pour avec dans votre vous cette leur mais sont était sera être elle nous
    para como este esta está están usted puede tiene pero sobre entre desde cuando"""
)
_CONDITIONS = listed(
    "if unless until once when falls wenn sofern bis sobald si jusqu lorsque quand hasta cuando"
)
_ANY = listed("a an any ein eine einem einen une un una")
_HOURS = re.compile(r"\b\d{1,2} ?(?:h|uhr|am|pm|\d\d)\b", re.IGNORECASE)
_TO = listed("to through bis a à al au")
_BEFORE = 2
"""Content words that may stand between a negation and what it denies."""
_FARTHEST = 8
_AFTER = 3
_DEEDS = frozenset(
    [
        "delivered",
        "paid",
        "confirmed",
        "cancelled",
        "returned",
        "approved",
        "complete",
        "shipped",
        "received",
        "collected",
    ]
)
"""Concepts of what happens once."""
_AT = listed("at on date time am um datum le date fecha el en by is was")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NONE = listed("no kein keine keinen keinem keiner nicht nichts nothing rien nada ningún ninguna")
_YES = listed("yes ja oui sí true si")
_NO = listed("no nein non none false keine ninguno aucun aucune")


@dataclass(frozen=True)
class Mention:
    """A word or concept that a clause says to be so (1) or not so (-1)."""

    name: str
    sign: int
    supposed: bool = False
    """Whether it stands in a condition, or describes any thing of a kind: nothing says that it is
    so in `until it is dispatched` and `a dispatched order`."""


@dataclass(frozen=True)
class SpokenClause:
    """What one clause mentions."""

    stems: frozenset[str]
    """Stems of what it speaks of."""
    words: tuple[Mention, ...]
    concepts: tuple[Mention, ...]
    told: frozenset[str] = frozenset()
    """Stems of the words by which it says how something is."""
    of_field: bool = False
    flag: int = 0
    """For a yes-or-no field: 1 for yes, -1 for no; its words name what is so or not."""
    denies: bool = False
    """Whether it holds a negation."""
    hours: bool = False
    """Whether it names a time of day."""
    days: frozenset[int] = frozenset()
    """Weekdays that it names, ranges filled."""
    dates: frozenset[tuple[int, int]] = frozenset()
    """Month and day of the dates that it names."""
    field: frozenset[str] = frozenset()
    """Stems of the longer words of the field that it is the text of."""


def denies(text: str) -> bool:
    """Return whether a sentence holds a negation."""
    plain = _NOT_ENGLISH.sub(" not", text)
    return any(token.folded in _NEGATIONS for token in tokens(plain))


def read_clauses(text: str) -> list[SpokenClause]:
    """Return what each clause of a text mentions."""
    plain = _NOT_ENGLISH.sub(" not", text).replace("cannot", "can not")
    plain = _NE_QUE.sub(r"\1", plain)
    plain = _WITHOUT_COST.sub(" gratis ", _ZERO.sub("no", plain))
    plain = _LEAD.sub(r"if \1 ", _NEEDED.sub("necesario", _EXTRA.sub("excluded", plain)))
    parts = [tokens(part) for part in _CLAUSE.split(plain) if part and part.strip()]
    return [_clause(piece) for part in parts for piece in _turns(part)]


def _turns(words: list[Token]) -> list[list[Token]]:
    """Divide `open on Monday and closed on Sunday` where the second opposite begins."""
    seen: dict[str, int] = {}
    pieces: list[list[Token]] = [[]]
    for token in words:
        concept = concept_of(token.folded) if len(token.folded) > 3 else None
        if concept and seen.setdefault(concept[0], concept[1]) != concept[1]:
            pieces.append([])
            seen = {concept[0]: concept[1]}
        pieces[-1].append(token)
    return pieces


def _clause(words: Sequence[Token], *, shortest: int = 4) -> SpokenClause:
    found: list[Mention] = []
    concepts: list[Mention] = []
    for at, token in enumerate(words):
        if len(token.folded) < shortest:
            continue
        sign, supposed = -1 if _negated(words, at) else 1, _supposed(words, at)
        if token.folded not in _STOP:
            found.append(Mention(stem(token.folded), sign, supposed))
        if (concept := concept_of(token.folded)) and not is_duty(words, at):
            denied = concept[0] == "required" and _of_nothing(words, at)
            concepts.append(Mention(concept[0], concept[1] * (-1 if denied else sign), supposed))
    text = " ".join(token.text for token in words)
    return SpokenClause(
        frozenset(m.name for m in found),
        tuple(found),
        tuple(concepts),
        told=frozenset(stem(t.folded) for t in words if concept_of(t.folded)),
        hours=bool(_HOURS.search(text)),
        denies=any(token.folded in _NEGATIONS for token in words),
        days=_days(words),
        dates=_dates(text, words),
    )


def _of_nothing(words: Sequence[Token], at: int) -> bool:
    """`Sie brauchen dafür keinen Termin`, `you need no appointment`: nothing is needed."""
    return any(token.folded in _NONE for token in words[at + 1 : at + 2 + _AFTER])


def is_duty(words: Sequence[Token], at: int) -> bool:
    """`It has to be paid` says nothing of whether it was."""
    before = [token.folded for token in words[max(0, at - 2) : at]]
    return len(before) > 1 and before[1] == "be" and before[0] in ("to", "must", "should", "shall")


def _days(words: Sequence[Token]) -> frozenset[int]:
    found: set[int] = set()
    last: int | None = None
    for at, token in enumerate(words):
        day = weekday_of(token)
        if day is None:
            continue
        joined = at > 0 and words[at - 1].folded in _TO
        if last is not None and joined:
            found |= {(last + n) % 7 for n in range((day - last) % 7 + 1)}
        found.add(day)
        last = day
    return frozenset(found)


def _dates(text: str, words: Sequence[Token]) -> frozenset[tuple[int, int]]:
    if not any(token.text[0].isdigit() for token in words):
        return frozenset()
    found = dates(text, language_of([*words]))
    return frozenset((d.month, d.day) for d in found if d.month and d.day)


def _negated(words: Sequence[Token], at: int) -> bool:
    content = 0
    for token in reversed(words[max(0, at - _FARTHEST) : at]):
        if token.folded in _NEGATIONS:
            return True
        content += len(token.folded) > 3 and token.folded not in _STOP
        if content == _BEFORE:
            break
    after = words[at + 1 : at + 1 + _AFTER]
    return any(token.folded in ("nicht", "nichts") for token in after)


def _supposed(words: Sequence[Token], at: int) -> bool:
    if at == 1 and len(words) > 2 and words[0].folded in _ANY:
        return True
    pairs = pairwise(words[: at + 1])
    return any(word.folded in _CONDITIONS and not after.text[0].isdigit() for word, after in pairs)


def _asserted(clause: SpokenClause) -> SpokenClause:
    """Return what a clause of prose says to be so, without what it only supposes."""
    return replace(
        clause,
        words=tuple(m for m in clause.words if not m.supposed),
        concepts=tuple(m for m in clause.concepts if not m.supposed),
    )


def clauses_of(item: Indexed) -> list[SpokenClause]:
    """Return the clauses of evidence: of prose, or one a field."""
    if not item.leaves:
        return [_asserted(clause) for clause in read_clauses(item.text)]
    return [clause for leaf in item.leaves if (clause := field_clause(leaf))]


def yes_or_no(text: str) -> bool | None:
    """Return what a field's text such as `yes` or `nein` says, or None where it says neither."""
    folded = fold(text)
    return True if folded in _YES else False if folded in _NO else None


def field_clause(leaf: Leaf) -> SpokenClause | None:
    """A field `open: true` says that something is open; `insurance: no`, that there is none."""
    key = " ".join(key_words(leaf.key))
    if isinstance(leaf.value, bool) or (
        isinstance(leaf.value, str) and fold(leaf.value) in _YES | _NO
    ):
        is_so = leaf.value if isinstance(leaf.value, bool) else fold(leaf.value) in _YES
        # A field may be named by an acronym alone: `sso`.
        clause = _clause(tokens(key), shortest=4 if " " in key else 2)
        named = tuple(Mention(*c) for w in key_words(leaf.key) if (c := concept_of_field(w)))
        clause = replace(clause, concepts=named or clause.concepts)
        return replace(clause if is_so else _turned(clause), flag=1 if is_so else -1)
    if (happened := _happened(leaf) or _noted(leaf)) is not None:
        return happened
    if not isinstance(leaf.value, str):
        return None
    parts = read_clauses(leaf.value)
    return SpokenClause(
        frozenset[str]().union(*(p.stems for p in parts))
        | frozenset(map(stem, key_words(leaf.key))),
        tuple(m for p in parts for m in p.words),
        tuple(m for p in parts for m in p.concepts),
        of_field=True,
        denies=any(p.denies for p in parts),
        field=frozenset(stem(word) for word in key_words(leaf.key) if len(word) > 3),
    )


def _noted(leaf: Leaf) -> SpokenClause | None:
    """A field `issued_at` without a value says that nothing was issued; with a day, that it was."""
    words = key_words(leaf.key)
    if len(words) != 2 or words[1] not in _AT or concept_of(words[0]) or len(words[0]) < 5:
        return None
    if leaf.value is not None and not (isinstance(leaf.value, str) and _DAY.match(leaf.value)):
        return None
    return SpokenClause(frozenset({stem(words[0])}), (), (), flag=-1 if leaf.value is None else 1)


def _happened(leaf: Leaf) -> SpokenClause | None:
    """A field `delivered_at` says by its day that it has happened, and by none that it has not."""
    words = key_words(leaf.key)
    concepts = [c for word in words if (c := concept_of(word)) and c[0] in _DEEDS]
    if not concepts or not all(concept_of(word) or word in _AT for word in words):
        return None
    if leaf.value is not None and not (isinstance(leaf.value, str) and _DAY.match(leaf.value)):
        return None
    sign = -1 if leaf.value is None else 1
    found = tuple(Mention(name, sign * so) for name, so in concepts)
    return SpokenClause(frozenset(map(stem, words)), (), found, of_field=True)


def _turned(clause: SpokenClause) -> SpokenClause:
    return SpokenClause(
        clause.stems,
        tuple(Mention(m.name, -m.sign) for m in clause.words),
        tuple(Mention(m.name, -m.sign) for m in clause.concepts),
    )
