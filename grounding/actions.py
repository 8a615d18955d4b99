"""Actions: what a sentence says the agent has done or will do, and whether the run did it.

A performed effect is the only evidence for `I have cancelled it`. Looking something up is no such
action, and a promise stands only where the evidence or the instructions speak of its kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .facts import StatedFacts, read
from .ground import Effect, Ground, Holding
from .lexicon.reading import lexicon
from .matching import carries
from .passives import NEGATIONS, PassiveClaim, is_moving, passive_claims
from .quantities import Quantity
from .records import Leaf
from .words import fold, folded_words, key_words, listed, tokens

_WORDS = lexicon("actions")
_PREFIXES = {kind: tuple(words.split()) for kind, words in _WORDS["kinds"].items()}
_ALIKE = {(one, other) for one, other in _WORDS["alike"]}
_LOOKED = listed(_WORDS["looked"])
_CONDITION = listed(_WORDS["condition"])
_LABEL = 4
"""Words of the longest text field that names a state rather than telling of something."""
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


def unperformed(facts: StatedFacts, cited: Holding, ground: Ground) -> str:
    """Return an action that a sentence claims and nothing carries, or an empty string."""
    return (
        _claimed(facts, ground.effects)
        or _happened(facts, cited, ground)
        or _promised(facts, cited, ground)
    )


def _happened(facts: StatedFacts, cited: Holding, ground: Ground) -> str:
    """Return what it says was done, by whomever, that was not done and stands nowhere.

    What the user asks for or takes for done is no ground, unless the sentence only repeats it.
    """
    money = [q for q in facts.quantities if q.dimension.startswith("money")]
    for claim in passive_claims(facts.text, names_money=bool(money)):
        kinds = claim.kinds or kinds_of(claim.word)
        if not kinds or _done(kinds, ground.effects):
            continue
        if claim.is_told and _spoken_of(kinds, ground.context):
            continue
        if not (
            _found(kinds, claim, money, cited)
            if cited.items
            else _stated(kinds, claim, facts, ground)
        ):
            return claim.word
    return ""


def _found(
    kinds: frozenset[str], claim: PassiveClaim, money: Sequence[Quantity], cited: Holding
) -> bool:
    """Return whether cited evidence speaks of it, or records the amount that was booked."""
    if _spoken_of(kinds | kinds_of(claim.word), cited) or (
        claim.is_moving and any(map(is_moving, cited.words))
    ):
        return True
    booked = [h for h in cited.held if h.path and (h.quantity.negative or claim.is_charge)]
    return "pay" in kinds and any(
        carries(h, amount, claim.word, cited.currencies) for h in booked for amount in money
    )


def _stated(kinds: frozenset[str], claim: PassiveClaim, facts: StatedFacts, ground: Ground) -> bool:
    """Return whether the instructions say so, or a record of what the sentence identifies."""
    said = passive_claims(ground.instructions)
    if any(
        c.is_lasting == claim.is_lasting and not c.is_told and kinds & (c.kinds or kinds_of(c.word))
        for c in said
    ):
        return True
    if any(kinds & _reported(text) for text in ground.told):
        return True
    named = {i.key for i in facts.identifiers}
    records = [item for item in ground.evidence.values() if named & item.keys]
    words = [word for item in records for leaf in item.leaves for word in _told_by(leaf)]
    return any(kinds & kinds_of(word) for word in words)


def _reported(text: str) -> frozenset[str]:
    """Return the kinds of what an earlier answer said to be done."""
    passive = [c.kinds or kinds_of(c.word) for c in passive_claims(text)]
    return frozenset[str]().union(*passive, *map(kinds_of, _first_person(read(text))))


def _told_by(leaf: Leaf) -> Iterable[str]:
    """Return the words of a field that tells a state: `status: cancelled`, `cancelled: true`."""
    if leaf.value is True:
        return key_words(leaf.key)
    words = folded_words(leaf.value) if isinstance(leaf.value, str) else frozenset[str]()
    return words if len(words) <= _LABEL else ()


def _promised(facts: StatedFacts, cited: Holding, ground: Ground) -> str:
    """Return what the agent says it will do, of which nothing that it may stand on speaks."""
    if any(token.folded in _CONDITION for token in facts.tokens):
        return ""
    for match in _FUTURE.finditer(facts.text):
        word = next((group for group in match.groups() if group), "")
        if _negated_before(facts, word):
            continue
        kinds = kinds_of(word)
        if (
            kinds
            and not _done(kinds, ground.effects)
            and not _spoken_of(kinds, cited if cited.items else ground.context)
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
    return bool(near & NEGATIONS)


def _done(kinds: frozenset[str], effects: Sequence[Effect]) -> bool:
    return any(_alike(kinds, kinds_of(word)) for e in effects for word in key_words(e.tool))


def _alike(kinds: frozenset[str], others: frozenset[str]) -> bool:
    return bool(kinds & others) or any(
        (one, other) in _ALIKE or (other, one) in _ALIKE for one in kinds for other in others
    )


def _spoken_of(kinds: frozenset[str], holding: Holding) -> bool:
    return any(kinds & kinds_of(word) for word in holding.words)
