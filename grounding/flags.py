"""Flags: whether a sentence says of a yes-or-no field of one word that it is the other way round.

`throttled: false` denies `Your line is throttled`, `insurance: no` denies `You have insurance`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .clauses import SpokenClause, is_duty
from .facts import StatedFacts
from .words import Token, listed, stem

IS = listed(
    """is are was were isn aren wasn ist sind war waren est sont était está están es son been be
    have has haven hasn got had habe haben hat hast avez as ont tiene tienes tienen hay"""
)
"""Verbs that say how something stands."""
_HAS = IS | listed(
    """include includes offers beinhaltet enthält umfasst bietet comprend inclut propose incluye
    ofrece trae"""
)
"""With these, verbs that say what comes with something."""
_BETWEEN = 3
"""Words that may stand between the verb and what it tells."""
_NOT = listed(
    """not no t never without nicht kein keine keinen keiner nie ohne pas aucun aucune jamais sans
    sin nunca ningún ninguna"""
)
_NE = listed("n ne no")
OFF = re.compile(r"\b(?:off|out|disabled|aus|deaktiviert|désactivée?|desactivad[oa])\b", re.I)
_ON = re.compile(r"\b(?:on|enabled|active|an|ein|aktiv\w*|activée?|activad[oa])\b", re.I)


def contradicted(facts: StatedFacts, held: Sequence[SpokenClause]) -> str:
    """Return the field that a sentence turns round, or an empty string."""
    signs: dict[str, set[int]] = {}
    for clause in held:
        if clause.flag and len(clause.stems) == 1:
            [word] = clause.stems
            signs.setdefault(word, set()).add(clause.flag)
    for at, token in enumerate(facts.tokens):
        said = _said(facts, at) if stem(token.folded) in signs else 0
        if said and said not in signs[stem(token.folded)]:
            return token.text
    return ""


def _said(facts: StatedFacts, at: int) -> int:
    """Return 1 if a sentence says that it is so, -1 if not, 0 if it says neither."""
    before = facts.tokens[max(0, at - _BETWEEN - 1) : at]
    if is_duty(facts.tokens, at):
        return 0
    if any(t.folded in _HAS for t in before):
        return -1 if _is_denied(before) else 1
    rest = facts.tokens[at + 1 : at + 2 + _BETWEEN]
    if len(rest) > 1 and rest[0].folded not in IS and set(_folded(rest[1:3])) & (IS | _NOT):
        # `The automatic debit`, where the language puts it behind: `le prélèvement automatique`.
        rest = facts.tokens[at + 2 : at + 3 + _BETWEEN]
    if rest and set(_folded(rest[:2])) & IS and (rest[0].folded in IS | _NE):
        tail = facts.text[rest[0].end : rest[-1].end]
        denied = _is_denied(rest)
        on, off = bool(_ON.search(tail)), bool(OFF.search(tail))
        return 0 if on == off else -1 if off != denied else 1
    return 0


def _folded(words: Sequence[Token]) -> list[str]:
    return [t.folded for t in words]


def _is_denied(words: Sequence[Token]) -> bool:
    return any(t.folded in _NOT | _NE for t in words)
