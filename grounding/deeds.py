"""Deeds: the stretches of a sentence that tell that something was done, or was not.

A stretch ends where another clause begins. What the user did (`the order you placed on 3 May`) and
what a clause of its own describes stand outside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .facts import StatedFacts
from .first_person import own_deeds
from .kinds import kinds_of
from .lexicon.reading import any_of, lexicon
from .passives import passive_statements, told_by_nouns
from .words import listed

_WORDS = lexicon("deeds")
_CONDITION = frozenset(lexicon("passives")["condition"].split())
"""As they are written: folded, `könnte` would be `konnte`."""
_POSSIBLE = listed(lexicon("actions")["condition"])


def _any(words: str) -> str:
    return any_of([re.escape(word) for word in words.split()])


_BREAK = re.compile(
    rf"(?<!\d)[.;!?]\s|\s[–—-]\s|:\s(?![\d$€£\"“„«'])|,?\s(?:{_any(_WORDS['clause'])})\s"
    rf"|(?:,|,?\s(?:and|und|et|y))\s(?:then\s|dann\s)?(?:{_any(_WORDS['subject'])})[\s'’]",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    rf",?\s(?:{_any(_WORDS['relative'])})\s[^,.;:]{{1,120}}"
    r"|,\s(?:die|der|das|den|dem)\s[^,.;:]{1,120}?\b(?:haben|hatten|hast|hat|wurden?|ist|sind)\b,?"
    rf"|\s(?:you|we)(?:['’](?:d|ve))?(?:\s(?:had|have|already|also))?\s(?:{_any(_WORDS['yours'])})\b[^,.;:]{{0,120}}"
    r"|\b(?:as|wie|comme|como)\s(?:you|requested|asked|agreed|sie|gewünscht|vereinbart|besprochen|vous|demandé"
    r"|convenu|usted|solicitado|acordado|pidió)\b[^,.;:]{0,60}",
    re.IGNORECASE,
)
_RECEIPT = re.compile(rf"\b(?:{any_of(_WORDS['receipt'])})", re.IGNORECASE)
_UNABLE = re.compile(rf"\b(?:{any_of(_WORDS['unable'])})\s?(?P<word>[^\W\d_]+)", re.IGNORECASE)
_GERMAN_UNABLE = re.compile(
    r"\b(?:konnte|konnten|habe|haben|hat|wurde|wurden|ist|sind)\b[^.;!?]{0,100}?"
    r"\b(?:nicht|kein\w*)\b[^.;!?]{0,80}?\b(?P<word>[a-zäöüß]+(?:en|t))(?=\s*(?:werden|worden|können)?[.,;!?]|\s*$)",
    re.IGNORECASE,
)
_PARTICIPLE = re.compile(
    r"\b(?:sent|made|paid|\w{2,24}(?:ed|iert|ée?s?|[ai]d[oa]s?)|(?:ge|be|ver|er|über)\w{2,24}(?:t|en)"
    r"|(?:ab|an|auf|aus|ein|um|zurück|gut)ge\w{2,24}(?:t|en))\b",
    re.IGNORECASE,
)
_FINITE = {language: listed(words) for language, words in _WORDS["finite"].items()}
_LONGEST_ELLIPSIS = 14
"""Words of the longest sentence without a verb of its own."""
_MONEY_KINDS = frozenset({"refund", "pay"})
_ENQUIRED = listed(_WORDS["enquired"])


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Something that a sentence says was done, or was not done."""

    word: str
    kinds: frozenset[str]
    stretches: tuple[tuple[int, int], ...]
    """Where it is told, from and to."""
    is_own: bool = False
    """Whether the agent says that it did it itself."""
    is_denied: bool = False

    def tells(self, start: int) -> bool:
        """Return whether a place of the sentence belongs to it."""
        return any(first <= start < last for first, last in self.stretches)


def deeds(facts: StatedFacts) -> list[Deed]:
    """Return the deeds of a sentence in their order, what it denies last."""
    money = any(q.dimension.startswith("money") for q in facts.quantities)
    said = [
        *(_own(facts)),
        *(
            Deed(
                word=statement.word,
                kinds=statement.kinds or kinds_of(statement.word),
                stretches=_around(facts, statement.start),
            )
            for statement in passive_statements(facts.text, names_money=money)
            if not statement.is_told
        ),
    ]
    said = said or [*_nominal(facts, money=money), *_elliptic(facts)]
    return [*said, *_denied(facts)]


def _own(facts: StatedFacts) -> Iterator[Deed]:
    """Several deeds of one clause each have the stretch from one verb to the next."""
    found = own_deeds(facts)
    for at, deed in enumerate(found):
        around = _around(facts, deed.start)
        first, last = around[0][0], around[-1][1]
        behind = facts.language == "de"
        if at:
            edge = found[at - 1].start + len(found[at - 1].word) if behind else deed.start
            first = max(first, edge)
        if at + 1 < len(found):
            next_ = found[at + 1]
            last = min(last, deed.start + len(deed.word) if behind else next_.start)
        yield Deed(
            word=deed.word,
            kinds=kinds_of(deed.word),
            stretches=_without(facts.text, first, last),
            is_own=True,
        )


def _nominal(facts: StatedFacts, *, money: bool) -> Iterator[Deed]:
    """`Your refund: 50 euros`, `You will receive 50 euros`; what is only wished for is none."""
    words = {t.folded for t in facts.tokens}
    if not money or words & (_ENQUIRED | _POSSIBLE):
        return
    receipt = _RECEIPT.search(facts.text)
    kinds = told_by_nouns(words) & _MONEY_KINDS
    if receipt:
        yield Deed(word=receipt[0], kinds=_MONEY_KINDS, stretches=_around(facts, receipt.start()))
    elif kinds:
        yield Deed(word=", ".join(sorted(kinds)), kinds=kinds, stretches=((0, len(facts.text)),))


def _elliptic(facts: StatedFacts) -> Iterator[Deed]:
    """`Order 4471 cancelled.`: a participle in a sentence that has no verb of its own."""
    words = [t.folded for t in facts.tokens]
    if len(words) > _LONGEST_ELLIPSIS or _FINITE[facts.language] & set(words):
        return
    for match in _PARTICIPLE.finditer(facts.text):
        if kinds := kinds_of(match[0]):
            yield Deed(word=match[0], kinds=kinds, stretches=_around(facts, match.start()))


def _denied(facts: StatedFacts) -> Iterator[Deed]:
    """`I could not cancel it`, `Ich habe sie nicht storniert`."""
    if {t.text.casefold() for t in facts.tokens} & _CONDITION:
        return
    for pattern in (_UNABLE, _GERMAN_UNABLE):
        for match in pattern.finditer(facts.text):
            if kinds := kinds_of(match["word"]):
                yield Deed(
                    word=match["word"],
                    kinds=kinds,
                    stretches=_around(facts, match.start("word")),
                    is_denied=True,
                )


def _around(facts: StatedFacts, at: int) -> tuple[tuple[int, int], ...]:
    """Return the clause around a place, without what only describes something in it."""
    text = facts.text
    first, last = 0, len(text)
    for match in _BREAK.finditer(text):
        if match.end() <= at:
            first = match.end() - 1
        elif match.start() > at:
            last = match.start()
            break
    return _without(text, first, last)


def _without(text: str, first: int, last: int) -> tuple[tuple[int, int], ...]:
    kept: list[tuple[int, int]] = []
    at = first
    for aside in _ASIDE.finditer(text, first, last):
        kept.append((at, aside.start()))
        at = aside.end()
    kept.append((at, last))
    return tuple(kept)
