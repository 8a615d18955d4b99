"""First person: what the agent says that it did itself, each of several deeds in one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .facts import StatedFacts
from .kinds import kinds_of
from .lexicon.reading import lexicon
from .passives import NEGATIONS
from .words import fold, listed, tokens

_LOOKED = listed(lexicon("actions")["looked"])
_ADVERBS = (
    r"(?:(?:now|just|already|also|successfully|since|then|even|both|gone ahead and|bien|déjà|"
    r"également|aussi|ya|bereits|schon|soeben|gerade)\s)*"
)
_OBJECTS = r"(?:(?:vous|t['’]|te|l['’]|le|la|les|lui|leur|se|lo)\s?)*"
_ENGLISH = r"(?:\w+ed|sent|made|paid|put|wrote|set|took)"
_PERFECT = {
    "en": re.compile(
        rf"\b(?:i|we)(?:\s?['’]ve|\shave)\s{_ADVERBS}(\w+)|\b(?:i|we)\s{_ADVERBS}({_ENGLISH})\b",
        re.I,
    ),
    "fr": re.compile(
        rf"\b(?:j['’]|je\s|nous\s){_OBJECTS}(?:ai|avons|viens de|venons de)\s{_ADVERBS}(\w+)",
        re.I,
    ),
    "es": re.compile(rf"\b(?:he|hemos|acabo de|acabamos de)\s{_ADVERBS}(\w+)", re.I),
}
_GERMAN_PERFECT = re.compile(
    r"\b(?:habe\s(?:ich|wir)|ich\shabe|haben\swir|wir\shaben|hab\sich|ich\shab)\b((?:[^.!?;]|\.(?=\w)|(?<=\d)\.(?!\w))*)",
    re.I,
)
_SPANISH_PAST = re.compile(
    r"\b(?:ya\s)?((?:cancel|envi|reserv|cambi|modifiqu|actualic|cre|anul|bloque|pagu|transfer|solicit|registr|tramit|program|añad|devolv|reembols)(?:é|í|amos|imos)|abrí)\b",
    re.I,
)
_OBJECT = (
    r"(?=\s(?:the|your|a|an|it|them|you|all|both|this|that|these|those|his|her|their|its|our|to|him|two|three"
    r"|le|la|les|votre|vos|ton|ta|tes|un|une|au|aux|à|cette|ce|ces|el|los|las|su|sus|tu|tus|unos|al|este|esta)\b"
    r"|\s[\d$€£#A-ZÀ-Þ]|\sl['’])"
)
_JOINED = {
    "en": re.compile(
        r"(?:,|\band|\bthen)\s(?:(?i:then|also|now|already|i|we|['’]ve|have)\s){0,3}"
        rf"({_ENGLISH}){_OBJECT}"
    ),
    "fr": re.compile(
        rf"(?:,|\bet|\bpuis)\s(?:aussi\s|vous\s|l['’]){{0,3}}(\w+(?:é|i|is)e?s?){_OBJECT}"
    ),
    "es": re.compile(
        rf"(?:,|\by|\be)\s(?:también\s|le\s|les\s|te\s|lo\s|la\s){{0,3}}(\w+[ai]do){_OBJECT}"
    ),
}
_PARTICIPLE = re.compile(
    r"\w{0,16}?ge\w{1,32}?(?:t|en)|(?:be|ver|er|ent|zer|um|uber)\w{1,40}?(?:t|en)|\w{1,40}?iert"
)
_GERMAN_JOINED = re.compile(r",?\s(?:und|sowie)\s|,\s")
_GERMAN_CLAUSE = re.compile(r"\s(?:weil|dass|damit|sodass|obwohl|da|wenn|falls|sobald|nachdem)\s|:")
_NOTHING = listed(
    "nothing none no neither nobody rien aucun aucune nada ningún ninguna nadie nichts"
)
_FINITE = listed("ist sind wird werden wurde wurden hat haben habe kann können sie es er ich wir")


class OwnDeed(NamedTuple):
    """A word by which the agent says that it did something, and its place."""

    word: str
    start: int


def own_deeds(facts: StatedFacts) -> list[OwnDeed]:
    """Return what a sentence says in the first person was done; looking something up is none."""
    return [
        deed
        for deed in _said(facts)
        if fold(deed.word) not in _LOOKED
        and not negated_before(facts, deed.start)
        and not _of_nothing(facts, deed)
    ]


def negated_before(facts: StatedFacts, at: int) -> bool:
    """Return whether a negation stands right before a place."""
    return any(t.folded in NEGATIONS for t in facts.tokens if at - 32 <= t.start < at)


def _of_nothing(facts: StatedFacts, deed: OwnDeed) -> bool:
    """`I booked nothing`, `we made no changes`: it says of nothing that it was done."""
    after = next((t for t in facts.tokens if t.start >= deed.start + len(deed.word)), None)
    return after is not None and after.folded in _NOTHING


def _said(facts: StatedFacts) -> Iterator[OwnDeed]:
    text = facts.text
    if facts.language == "de":
        for match in _GERMAN_PERFECT.finditer(text):
            yield from _german(match[1], match.start(1))
        return
    found = False
    for match in _PERFECT[facts.language].finditer(text):
        group = match.lastindex or 0
        if fold(match[group]) not in ("to", "a", "no", "not", "never"):
            yield OwnDeed(match[group], match.start(group))
            found = True
    if facts.language == "es":
        for match in _SPANISH_PAST.finditer(text):
            yield OwnDeed(match[1], match.start(1))
    if found:
        yield from (
            OwnDeed(match[1], match.start(1))
            for match in _JOINED[facts.language].finditer(text)
            if kinds_of(match[1])
        )


def _german(rest: str, at: int) -> Iterator[OwnDeed]:
    """Read the participles that close a German perfect: one a joined clause."""
    rest = _GERMAN_CLAUSE.split(rest)[0]
    start = 0
    for number, clause in enumerate(_GERMAN_JOINED.split(rest)):
        place = rest.find(clause, start)
        start = place + len(clause)
        found = _participle(clause)
        if found is None:
            continue
        words = {t.folded for t in tokens(clause)}
        if number and (words & _FINITE or not kinds_of(found.word)):
            continue
        yield OwnDeed(found.word, at + place + found.start)


def _participle(clause: str) -> OwnDeed | None:
    """Return the last participle of a German clause."""
    for token in reversed(tokens(clause)):
        folded = token.folded
        if not token.text[0].islower():
            continue
        if folded in _LOOKED or _PARTICIPLE.fullmatch(folded):
            return OwnDeed(token.text, token.start)
    return None
