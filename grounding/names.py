"""Names: capitalised words that name a person, a firm, a place or a product.

English, French and Spanish write a capital inside a sentence for little else. German writes one for
every noun, so that there only shapes that no noun has count (`DHL`, `PayPal`), a word after a
title, and a second noun that stands unjoined behind another (`Stadtwerke Lindau`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .dates import MONTHS
from .language import Language, is_function_word
from .lexicon.reading import lexicon
from .relative import weekday_of
from .units import UNITS
from .words import Token, fold, listed

_NO_NAMES = listed(
    """i i'm ok okay tv pdf id ids url faq sms tan pin iban bic vat tva iva mwst ust usa uk eu gmbh
    ag e-mail email mail wi-fi wifi wlan usb gps cv am pm a.m p.m ma no nr mr mrs ms dr prof sr sra
    herr frau m mme madame monsieur señor señora don doña herrn sie ihr ihre ihrem ihren ihrer ihres
    ihnen du dein deine god english german french spanish deutsch englisch internet online app api
    csv json zip html sim lte qr dsl ac cet cest utc gmt ceo hr it pc mb gb p s ps q kg km cm
    us ue not no only never very and or aber nicht nie pas non nunca solo rsvp asap fyi eta
    atm dm dms vip o'clock uhr christmas easter weihnachten ostern noël pâques
    navidad"""
)
_MAGNITUDE_WORDS = listed("million millionen milliarde milliarden tausend hundert dutzend mio mrd")
_GIVEN = listed(lexicon("names")["given"])
_TITLES = listed(
    "herr herrn frau dr prof mr mrs ms señor señora sr sra mme madame monsieur don doña"
)
_SENTENCE_BREAK = re.compile(r"[.!?:;\u2026\u00bf\u00a1\"“„«(\[\u2013\u2014•*]\s*$|['‘’]\s*$")


class Name(NamedTuple):
    """A word of a name, and its place."""

    text: str
    start: int
    end: int
    folded: str
    certain: bool
    """Whether its shape or place leaves no other reading."""


def names(text: str, tokens: list[Token], language: Language) -> list[Name]:
    """Return the words of a sentence that can only be names, and those that may be."""
    found: list[Name] = []
    for at, token in enumerate(tokens):
        if not _capital(token) or _is_known_word(token):
            continue
        certain = _certain(text, tokens, at, language)
        found.append(Name(token.text, token.start, token.end, token.folded, certain))
    return found


def _capital(token: Token) -> bool:
    return token.text[0].isupper() and len(token.text) > 1 and not token.text[-1].isdigit()


def _is_known_word(token: Token) -> bool:
    folded = token.folded
    if is_function_word(folded):
        return True
    if folded in _MAGNITUDE_WORDS:
        return True
    return (
        folded in _NO_NAMES or folded in MONTHS or folded in UNITS or weekday_of(token) is not None
    )


def _certain(text: str, tokens: list[Token], at: int, language: Language) -> bool:
    token = tokens[at]
    if _odd_shape(token.text) or token.folded in _GIVEN:
        return True
    if at and tokens[at - 1].folded in _TITLES:
        return True
    if starts_sentence(text, token):
        return False
    if language != "de":
        return True
    return _follows_noun(text, tokens, at)


def _odd_shape(word: str) -> bool:
    """`DHL` and `FedEx`, and no `Handys` or `PDFs`."""
    inner = word[1:].rstrip("s") if word.endswith("s") else word[1:]
    return any(c.isupper() for c in inner)


def starts_sentence(text: str, token: Token) -> bool:
    """Return whether a token's capital is due to its place."""
    before = text[: token.start][-3:]
    return not before.strip() or bool(_SENTENCE_BREAK.search(before))


def _follows_noun(text: str, tokens: list[Token], at: int) -> bool:
    if not at:
        return False
    last = tokens[at - 1]
    joined = text[last.end : tokens[at].start] == " "
    if not joined or not _capital(last) or _is_known_word(last):
        return False
    return not starts_sentence(text, last) or at > 1


_ROLES = listed(
    """customer client member guest patient student passenger driver technician teacher doctor agent
    colleague user kunde kundin mitglied gast patientin passagier fahrer fahrerin techniker lehrerin
    arzt kollege familie clienta miembro huésped paciente alumno técnico chofer cliente membre élève
    chauffeur technicien collègue familia famille family"""
)
"""Words that may stand before a last name."""


def is_swapped(
    name: Name, text: str, tokens: list[Token], full_names: frozenset[tuple[str, str]]
) -> bool:
    """Return whether a word stands in a full name in place of the name that evidence has there.

    `Tom Berger`, where the evidence has `Tim Berger` and no `Tom`.
    """
    at = next(i for i, t in enumerate(tokens) if t.start == name.start)
    if name.folded in _TITLES | _ROLES:
        return False
    before, after = tokens[max(0, at - 1) : at], tokens[at + 1 : at + 2]
    if after and text[name.end : after[0].start] == " ":
        first = {one for one, other in full_names if other == after[0].folded}
        if first and name.folded not in first:
            return True
    if before and text[before[0].end : name.start] == " ":
        last = {other for one, other in full_names if one == before[0].folded}
        return bool(last) and name.folded not in last
    return False


def name_key(word: str) -> str:
    """Return a name's form without a genitive or plural ending."""
    folded = fold(word)
    return folded[:-1] if folded.endswith("s") and len(folded) > 3 else folded
