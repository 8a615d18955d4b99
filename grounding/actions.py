"""Actions: what a sentence says the agent has done or will do, and whether the run did it.

A performed effect is the only evidence for `I have cancelled it`. Looking something up is no such
action, and a promise stands only where the evidence or the instructions speak of its kind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .facts import StatedFacts
from .ground import Effect, Holding
from .lexicon.reading import lexicon
from .words import fold, key_words, listed, tokens

_WORDS = lexicon("actions")
_PREFIXES = {kind: tuple(words.split()) for kind, words in _WORDS["kinds"].items()}
_ALIKE = {(one, other) for one, other in _WORDS["alike"]}
_LOOKED = listed(_WORDS["looked"])
_CONDITION = listed(_WORDS["condition"])
_ADVERBS = (
    r"(?:(?:now|just|already|also|successfully|since|then|even|both|gone ahead and|bien|déjà|"
    r"également|aussi|ya|bereits|schon|soeben|gerade)\s)*"
)
_OBJECTS = r"(?:(?:vous|t['’]|te|l['’]|le|la|les|lui|leur|se|lo)\s?)*"
_PERFECT = {
    "en": re.compile(
        rf"\b(?:i|we)(?:\s?['’]ve|\shave)\s{_ADVERBS}(\w+)"
        rf"|\b(?:i|we)\s{_ADVERBS}(\w+ed|sent|made|paid|put|wrote|set|took)\b",
        re.I,
    ),
    "fr": re.compile(
        rf"\b(?:j['’]|je\s|nous\s){_OBJECTS}(?:ai|avons|viens de|venons de)\s{_ADVERBS}(\w+)",
        re.I,
    ),
    "es": re.compile(rf"\b(?:he|hemos|acabo de|acabamos de)\s{_ADVERBS}(\w+)", re.I),
}  # fmt: skip
_GERMAN_PERFECT = re.compile(
    r"\b(?:habe\s(?:ich|wir)|ich\shabe|haben\swir|wir\shaben|hab\sich|ich\shab)\b([^.!?;]*)", re.I
)
_SPANISH_PAST = re.compile(
    r"\b(?:ya\s)?((?:cancel|envi|reserv|cambi|modifiqu|actualic|abr|cre|anul|bloque|pagu|transfer|solicit|registr|tramit|program|añad|devolv)(?:é|í|amos|imos))\b",
    re.I,
)
_PASSIVE = re.compile(
    r"\b(?:has|have)\s(?:now\s|just\s|already\s|also\s)*been\s(?:successfully\s)?(\w+)"
    r"|\b(?:wurde|wurden|worden)\b[^.!?;]*?\b(\w+?(?:t|en))(?=\s*(?:[.!?;,]|$|worden|und))"
    r"|\b(?:a|ont|ai|as)\s(?:bien\s|déjà\s)*été\s(?:bien\s)?(\w+)"
    r"|\b(?:ha|han)\s(?:ya\s)?(?:sido|quedado)\s(\w+)|\bse\s(?:ha|han)\s(\w+)"
    r"|\b(?:is|are)\s(?:now|already)\s(\w+ed)\b|\b(?:is|are)\s(booked|reserved|cancelled|canceled|scheduled|refunded)\b"
    r"|\b(?:ist|sind)\b[^.!?;]*?\b(ge(?:bucht|ändert|sperrt|löscht)|storniert|reserviert|verschoben|erstattet|überwiesen|bestellt)\b"
    r"|\b(?:est|sont)\s(?:bien\s|maintenant\s|désormais\s)*(réservé|annulé|modifié|remboursé|confirmé|bloqué)e?s?\b"
    r"|\b(?:está|están|queda|quedan)\s(?:ya\s)?(reservad|cancelad|anulad|cambiad|bloquead|pedid)\w+\b",
    re.I,
)  # fmt: skip
_FUTURE = re.compile(
    r"\b(?:i|we)(?:\s?['’]ll|\swill|(?:\s(?:am|are)|\s?['’](?:m|re)) going to)\s"
    r"(?:also\s|now\s|then\s)*(\w+)"
    r"|\b(?:ich werde|wir werden|werde ich|werden wir)\b[^.!?;]*?\b(\w+en)(?=\s*(?:[.!?;,]|$))"
    r"|\b(?:je|nous)\s(?:te\s|t['’]|vous\s|l['’]|les\s|le\s)*(?:vais\s|allons\s)?"
    r"(?:te\s|vous\s|le\s|la\s|les\s)*(\w+(?:rai|rons|er|ir|re))\b"
    r"|\b(?:voy a|vamos a)\s(\w+)|\b(?:le|te|les|lo|la)\s(\w+r(?:é|emos))\b",
    re.I,
)  # fmt: skip


def kinds_of(word: str) -> frozenset[str]:
    """Return the kinds of action that a word may name."""
    folded = fold(word)
    return frozenset(k for k, prefixes in _PREFIXES.items() if folded.startswith(prefixes))


def unperformed(
    facts: StatedFacts, cited: Holding, context: Holding, effects: Sequence[Effect]
) -> str:
    """Return an action that a sentence claims and nothing carries, or an empty string."""
    if word := _claimed(facts, effects):
        return word
    if any(token.folded in _CONDITION for token in facts.tokens):
        return ""
    for match in (*_PASSIVE.finditer(facts.text), *_FUTURE.finditer(facts.text)):
        word = next((group for group in match.groups() if group), "")
        if _negated_before(facts, word):
            continue
        kinds = kinds_of(word)
        if (
            kinds
            and not _done(kinds, effects)
            and not _spoken_of(kinds, cited if cited.items else context)
        ):
            return word
    return ""


def _claimed(facts: StatedFacts, effects: Sequence[Effect]) -> str:
    """Return what the agent says it did itself, but did not."""
    for word in _first_person(facts):
        if fold(word) in _LOOKED or _negated_before(facts, word):
            continue
        kinds = kinds_of(word)
        if not effects or (kinds and not _done(kinds, effects)):
            return word
    return ""


def _first_person(facts: StatedFacts) -> list[str]:
    text = facts.text
    if facts.language == "de":
        return [p for m in _GERMAN_PERFECT.finditer(text) if (p := _participle(m[1]))]
    found = [
        next(group for group in match.groups() if group)
        for match in _PERFECT[facts.language].finditer(text)
    ]
    if facts.language == "es":
        found += [match[1] for match in _SPANISH_PAST.finditer(text)]
    return [word for word in found if fold(word) not in ("to", "a", "no", "not", "never")]


def _participle(rest: str) -> str:
    """Return the participle that closes a German perfect, or an empty string."""
    clause = re.split(r",|\sund\s|\sweil\s|\sdass\s|:", rest)[0]
    words = [t.text for t in tokens(clause) if t.text[0].islower()]
    for word in reversed(words):
        folded = fold(word)
        if folded in _LOOKED or re.search(
            r"ge\w+(?:t|en)$|^(?:be|ver|er|ent|zer|um|uber)\w+(?:t|en)$|iert$", folded
        ):
            return word
    return ""


def _negated_before(facts: StatedFacts, word: str) -> bool:
    at = facts.text.find(word)
    near = {t.folded for t in facts.tokens if at - 32 <= t.start < at}
    return bool(
        near
        & {
            "not",
            "nicht",
            "pas",
            "no",
            "never",
            "nie",
            "jamais",
            "nunca",
            "kein",
            "keine",
            "keinen",
            "keiner",
            "nichts",
            "nothing",
            "ningun",
            "ninguna",
            "aucun",
            "aucune",
            "rien",
            "ne",
            "n",
        }
    )


def _done(kinds: frozenset[str], effects: Sequence[Effect]) -> bool:
    return any(_alike(kinds, kinds_of(word)) for e in effects for word in key_words(e.tool))


def _alike(kinds: frozenset[str], others: frozenset[str]) -> bool:
    return bool(kinds & others) or any(
        (one, other) in _ALIKE or (other, one) in _ALIKE for one in kinds for other in others
    )


def _spoken_of(kinds: frozenset[str], holding: Holding) -> bool:
    return any(kinds & kinds_of(word) for word in holding.words)
