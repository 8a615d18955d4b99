"""Passives: effects that a sentence says have happened, without saying who brought them about.

`Your order was cancelled` claims as much as `I have cancelled your order`. What is denied, asked,
conditional or only possible claims nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from .lexicon.reading import any_of, lexicon
from .words import fold, listed, tokens

_WORDS = lexicon("passives")
_CARRYING = tuple(listed(_WORDS["carrying"]))
_NOUNS = {kind: listed(words) for kind, words in _WORDS["nouns"].items()}
_MONEY = listed(_WORDS["money"])
_MOVING = tuple(listed(_WORDS["moving"]))
_CONDITION = listed(_WORDS["condition"])
_MODAL = listed(_WORDS["modal"])
_CHARGED = tuple(listed(_WORDS["charged"]))
_RELATIVE = listed(_WORDS["relative"])
_ATTRIBUTED = re.compile(rf"\b(?:{any_of(_WORDS['attributed'])})", re.IGNORECASE)
NEGATIONS = listed(
    """not never no nothing neither nor nicht nie kein keine keinen keinem keiner nichts noch_nicht
    pas jamais aucun aucune rien ne n nunca ningún ninguna nada tampoco"""
)

_EN = r"(?:(?:now|just|already|also|since|then|both|all|fully|\w{2,24}ly)\s){0,3}"
_FR = r"(?:(?:bien|déjà|aussi|désormais|\w{2,24}ment)\s){0,2}"
_ES = r"(?:(?:ya|también|\w{2,24}mente)\s){0,2}"
_CLOSES = r"(?=\s*(?:[.!?;,:)(–—]|$|worden\b|und\b|oder\b|sowie\b))"
_COMPLETED = re.compile(
    rf"\b(?:has|have|['’]ve|['’]s)\s{_EN}been\s{_EN}(?P<en>\w+)"
    rf"|\b(?:was|were|got|is\sbeing|are\sbeing)\s{_EN}(?P<past>\w+)"
    rf"|\b(?P<closing>\w+(?:t|(?<!ung)en))(?=\s(?:wurde|wurden|worden)\b)"
    rf"|\b(?:wurde|wurden)\b(?:[^.!?;,]|(?<=\d)[.,]){{0,160}}?\b(?P<de>\w+?(?:t|en)){_CLOSES}"
    rf"|\bman\shat\b(?:[^.!?;,]|(?<=\d)[.,]){{0,160}}?\b(?P<man>\w+?(?:t|en)){_CLOSES}"
    rf"|\b(?:a|ont|ai|as|avons|avez|fut|furent)\s{_FR}été\s{_FR}(?P<fr>\w+)"
    rf"|\b(?:fut|furent)\s{_FR}(?P<fut>\w+)"
    rf"|\bvien(?:t|nent)\sd['’]être\s{_FR}(?P<vient>\w+)"
    rf"|\bon\s(?:vous|te|lui|t['’]|l['’])\s?a\s{_FR}(?P<on>\w+)"
    rf"|\b(?:ha|han)\s{_ES}(?:sido|quedado)\s{_ES}(?P<es>\w+)"
    rf"|\b(?:fue|fueron|quedó|quedaron)\s{_ES}(?P<fue>\w+)"
    rf"|\bse\s(?:(?:le|les|te|lo|la)\s)?(?:ha|han)\s{_ES}(?P<se>\w+)"
    rf"|\bse\s(?:(?:le|les|te|lo|la)\s)?(?P<seo>\w+?(?:ó|aron|ieron))\b"
    rf"|\b(?:le|les|te)\shan\s{_ES}(?P<han>\w+)",
    re.IGNORECASE,
)
_LASTING = re.compile(
    r"\b(?:is|are)\s(?:now|already)\s(\w+ed|paid)\b"
    r"|\b(?:is|are)\s(booked|reserved|cancelled|canceled|scheduled|refunded|registered|enrolled"
    r"|(?:de|re)?activated|suspended|deleted|blocked|unlocked|unblocked|frozen)\b"
    r"|\b(?:is|are)\s(?:now\s|fully\s|all\s)?(paid)(?=\s*(?:in\sfull\b|[.,;!]|$))"
    r"|\b(?:ist|sind)\b(?:[^.!?;,]|(?<=\d)[.,]){0,160}?\b(ge(?:bucht|ändert|sperrt|löscht)|storniert|reserviert|verschoben|erstattet|überwiesen|bestellt"
    r"|bezahlt|beglichen|gekündigt|umgebucht|(?:an|ab)gemeldet|eingeschrieben|freigeschaltet|(?:de)?aktiviert)\b"
    r"|\b(?:est|sont|êtes)\s(?:bien\s|maintenant\s|désormais\s|déjà\s)*(réservé|payé|réglé|annulé|modifié|remboursé|confirmé|bloqué|résilié|(?:dés)?inscrit|suspendu|activé|désactivé|supprimé|déplacé|reporté)e?s?\b"
    r"|\b(?:está|están|queda|quedan)\s(?:ya\s)?(reservad|pagad|cancelad|anulad|cambiad|bloquead|pedid|inscrit|registrad|activad|desactivad|suspendid|eliminad|reembolsad|aplazad)\w+\b",
    re.IGNORECASE,
)  # fmt: skip
_UNDER_WAY = re.compile(
    r"\b(?:is|are)\s(?:now\s|already\s)?on\s(?:its|the|their)\sway\b"
    r"|\b(?:went|has\sgone|have\sgone)\sthrough\b|\b(?:is|are)\s(?:now\s|already\s)?complete\b"
    r"|\b(?:ist|sind)\s(?:\w+\s){0,2}(?:unterwegs|auf\sdem\sweg|erfolgt)\b"
    r"|\b(?:est|sont)\s(?:déjà\s)?en\s(?:route|chemin)\b"
    r"|\b(?:está|están|va|van)\s(?:ya\s)?(?:en|de)\scamino\b",
    re.IGNORECASE,
)
_PUT_OFF = re.compile(r"\bput (?=(?:off|back|up with)\b)", re.IGNORECASE)
"""What is put off was not done."""
_ASIDE = re.compile(r",\s(?:as|wie|comme|como)\s[^,.;]{1,40},", re.IGNORECASE)
_BREAK = re.compile(r"(?:(?<!\d)\.|[,;:–—])\s(?!dass\s|que\s|that\s)|\s[–-]\s")
_TURN = re.compile(
    r"(?:(?<!\d)\.|[,;:–—])\s(?!dass\s|que\s|that\s)|\s(?:and|und|et|y|but|aber|mais|pero|so|because)\s",
    re.IGNORECASE,
)
_BY_YOU = re.compile(
    r"\s(?:by\syou|von\s(?:ihnen|dir)|par\s(?:vous|toi)|por\s(?:usted|ti))\b", re.IGNORECASE
)
_NEAR = 40
"""Characters beside a verb in which its modal, its pronoun and the one who did it stand."""
_LONGEST = 300
"""Characters of a clause that are read."""


@dataclass(frozen=True, kw_only=True)
class PassiveStatement:
    """An effect that a sentence says has happened."""

    word: str
    """The participle, as it is written."""
    kinds: frozenset[str] = frozenset()
    """Kinds of action that its noun tells; empty where the participle itself does."""
    is_lasting: bool = False
    """Whether it says how things stand (`is booked`) rather than what happened."""
    is_told: bool = False
    """Whether it repeats or only describes what the user spoke of."""
    start: int = 0
    """Where the participle stands."""

    @property
    def is_moving(self) -> bool:
        """Whether it says that something was sent or returned."""
        return is_moving(self.word)

    @property
    def is_charge(self) -> bool:
        """Whether it says that money was taken."""
        return fold(self.word).startswith(_CHARGED)


def is_moving(word: str) -> bool:
    """Return whether a word tells of something that was sent or returned."""
    return fold(word).startswith(_MOVING)


def passive_statements(text: str, *, names_money: bool = False) -> Iterator[PassiveStatement]:
    """Yield the effects that a sentence claims in the passive or impersonally.

    Args:
        text: The sentence.
        names_money: Whether it names an amount of money.
    """
    plain = _ASIDE.sub(lambda aside: " " * len(aside[0]), text)
    plain = _PUT_OFF.sub(lambda put: "-" * len(put[0]), plain)
    for match in _COMPLETED.finditer(plain):
        word = match.lastgroup or 0
        if _is_claimed(plain, match, match.start(word)):
            yield _claim(plain, match, word, names_money=names_money)
    for match in _LASTING.finditer(plain):
        word = match.lastindex or 0
        if _is_claimed(plain, match, match.start(word)):
            yield replace(_claim(plain, match, word, names_money=names_money), is_lasting=True)
    for match in _UNDER_WAY.finditer(plain):
        subject = _words(_clause(_TURN, plain, match.start()))
        kinds = told_by_nouns(subject)
        if names_money or _MONEY & subject.keys():
            kinds |= {"refund", "pay"}
        if kinds and _is_claimed(plain, match, match.start()):
            yield replace(_claim(plain, match, 0, names_money=False), kinds=kinds)


def _is_claimed(text: str, match: re.Match[str], at: int) -> bool:
    """Return whether it is neither denied, conditional or possible, nor the user's own deed."""
    modal = [*_words(text[max(0, match.start() - _NEAR) : match.start()])][-1:]
    return not (
        _CONDITION & _words(_clause(_BREAK, text, at)).keys()
        or NEGATIONS & _words(_clause(_TURN, text, at)).keys()
        # `may have been cancelled`, but not `on 3 May`: a modal stands right before its verb.
        or _MODAL.intersection(modal)
        or _BY_YOU.search(text[match.end() : match.end() + _NEAR])
    )


def _claim(
    text: str, match: re.Match[str], group: str | int, *, names_money: bool
) -> PassiveStatement:
    word = match[group]
    clause = _clause(_BREAK, text, match.end(group))
    return PassiveStatement(
        word=word,
        start=match.start(group),
        kinds=_kinds(word, _words(clause), names_money=names_money),
        is_told=bool(_ATTRIBUTED.search(_clause(_TURN, text, match.start(group))))
        or _is_relative(text, match.start(), match.start(group)),
    )


def _is_relative(text: str, start: int, at: int) -> bool:
    """`orders that were cancelled`, `Bestellungen, die gestern storniert wurden`."""
    clause = _clause(_BREAK, text, at)
    before = [*_words(text[max(0, start - _NEAR) : start])][-1:]
    if text[: at - len(clause)].rstrip().endswith(","):
        before += [*_words(clause)][:1]
    return bool(_RELATIVE.intersection(before))


def _kinds(word: str, clause: dict[str, None], *, names_money: bool) -> frozenset[str]:
    if is_moving(word) and (names_money or _MONEY & clause.keys()):
        return frozenset({"refund", "pay", "send"})
    return told_by_nouns(clause) if fold(word).startswith(_CARRYING) else frozenset()


def is_carrying(word: str) -> bool:
    """Return whether a word says that what a noun names has taken place: `issued`, `confirmed`."""
    return fold(word).startswith(_CARRYING)


def told_by_nouns(words: Iterable[str]) -> frozenset[str]:
    """Return the kinds of action that nouns name: `a refund`, `die Stornierung`."""
    return frozenset(
        kind
        for kind, nouns in _NOUNS.items()
        if any(word in nouns or word.removesuffix("s") in nouns for word in words)
    )


def _words(text: str) -> dict[str, None]:
    """Return the folded words of a text, in their order."""
    return dict.fromkeys(token.folded for token in tokens(text))


def _clause(breaks: re.Pattern[str], text: str, at: int) -> str:
    """Return what stands before a place in its clause."""
    first = max(0, at - _LONGEST)
    ends = [match.end() for match in breaks.finditer(text, first, at)]
    return text[ends[-1] if ends else first : at]
