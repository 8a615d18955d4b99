"""Checking: an answer's sentences before anybody reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby, takewhile

from ..grounding.check import SentenceVerdict, check
from ..grounding.ground import WORKED, Ground
from ..state.answer import Sentence
from ..state.instances import step_of
from ..state.relevance import sentences


@dataclass(frozen=True, kw_only=True)
class FailedSentence:
    """A sentence that nothing carries, and why."""

    text: str
    reason: str

    def __str__(self) -> str:
        """Return both, as the trace tells them."""
        return f"{self.text} ({self.reason})"


@dataclass(frozen=True, kw_only=True)
class CheckedSentences:
    """What passed the rules, what of it only meaning can judge, and what failed, in its order."""

    checked: tuple[Sentence | FailedSentence, ...] = ()
    """Each in the place in which it was written."""
    unverified: tuple[str, ...] = ()
    """Texts of kept sentences that rules cannot decide."""

    @property
    def kept(self) -> tuple[Sentence, ...]:
        """What passed."""
        return tuple(one for one in self.checked if isinstance(one, Sentence))

    @property
    def failed(self) -> tuple[FailedSentence, ...]:
        """What did not."""
        return tuple(one for one in self.checked if isinstance(one, FailedSentence))

    @property
    def kept_first(self) -> CheckedSentences:
        """What passed before anything failed: it has its place whatever becomes of the rest."""
        return replace(self, checked=tuple(takewhile(_is_kept, self.checked)))

    def __add__(self, other: CheckedSentences) -> CheckedSentences:
        """Join two checks of different sentences."""
        return CheckedSentences(
            checked=self.checked + other.checked, unverified=self.unverified + other.unverified
        )

    def with_kept(self, kept: Sequence[Sentence]) -> CheckedSentences:
        """Return the same with others in place of the sentences that passed, one for one."""
        others = iter(kept)
        return replace(
            self, checked=tuple(next(others) if _is_kept(one) else one for one in self.checked)
        )

    def judged(self, passed: Sequence[bool], reason: str) -> CheckedSentences:
        """Return the same as a verifier judged the sentences that had passed, one for one."""
        verdicts = iter(passed)
        checked = (
            one
            if isinstance(one, FailedSentence) or next(verdicts)
            else FailedSentence(text=one.text, reason=reason)
            for one in self.checked
        )
        return CheckedSentences(checked=tuple(checked))

    def corrected(self, anew: Sequence[CheckedSentences]) -> CheckedSentences:
        """Return the same with what was written for each failed sentence in its place.

        One for which nothing was written stays dropped, and is named as it was first written.
        """
        corrections = iter(anew)

        def part(one: Sentence | FailedSentence) -> CheckedSentences:
            as_it_was = CheckedSentences(checked=(one,))
            if isinstance(one, Sentence):
                return as_it_was
            correction = next(corrections)
            return correction if correction.checked else as_it_was

        return sum(map(part, self.checked), CheckedSentences(unverified=self.unverified))


def _is_kept(one: Sentence | FailedSentence) -> bool:
    return isinstance(one, Sentence)


async def check_sentences(
    written: Sequence[Sentence], ground: Ground, *, keep_unverified: bool, quotes: bool = False
) -> CheckedSentences:
    """Check sentences in a thread, so that the loop has its turns however long they are.

    Args:
        written: Sentences with the evidence they cite.
        ground: What they may stand on.
        keep_unverified: Whether one that rules cannot decide is kept; else it fails.
        quotes: Whether they are a playbook's own, which may quote what somebody else said.
    """

    def work() -> CheckedSentences:
        checked = (_checked(s, ground, keep_unverified, quotes) for s in written)
        return sum(checked, CheckedSentences())

    return await asyncio.to_thread(work)


def without_unverified(checked: CheckedSentences, reason: str) -> CheckedSentences:
    """Return only what the rules themselves have passed; the rest fails for the reason given."""
    left_out = frozenset(checked.unverified)
    verdicts = (
        _divided(one, [(part, reason if part in left_out else "") for part in sentences(one.text)])
        if isinstance(one, Sentence)
        else (one,)
        for one in checked.checked
    )
    return CheckedSentences(checked=tuple(chain.from_iterable(verdicts)))


def _named(cited: str, ground: Ground) -> Sequence[str]:
    """Return the evidence that a citation names: a step of a loop names that of all its items."""
    if cited in ground.evidence:
        return (cited,)
    return [id_ for id_ in ground.evidence if step_of(id_) == cited]


def _checked(
    sentence: Sentence, ground: Ground, keep_unverified: bool, quotes: bool
) -> CheckedSentences:
    """Check a sentence, or each sentence of a longer text, and keep what passes of it."""
    cites = tuple(dict.fromkeys(chain.from_iterable(_named(id_, ground) for id_ in sentence.cites)))
    basis = cites
    if sentence.worked:
        ground, basis = ground.with_worked(sentence.worked), (*cites, WORKED)
    verdicts = [
        (part, check(part, basis, ground, quotes=quotes)) for part in sentences(sentence.text)
    ]
    faults = [(part, "" if _passes(v, keep_unverified) else v.reason) for part, v in verdicts]
    return CheckedSentences(
        checked=_divided(Sentence(text=sentence.text, cites=cites), faults),
        unverified=tuple(
            part for part, verdict in verdicts if verdict.status == "unverified" and keep_unverified
        ),
    )


def _divided(
    sentence: Sentence, faults: Sequence[tuple[str, str]]
) -> tuple[Sentence | FailedSentence, ...]:
    """Divide a longer text where parts of it fail; a part without a fault has passed."""
    if not any(fault for _, fault in faults):
        return (sentence,) if faults else ()
    return tuple(
        one
        for failed, parts in groupby(faults, key=lambda item: bool(item[1]))
        for one in (
            [FailedSentence(text=part, reason=fault) for part, fault in parts]
            if failed
            else [sentence.model_copy(update={"text": " ".join(part for part, _ in parts)})]
        )
    )


def _passes(verdict: SentenceVerdict, keep_unverified: bool) -> bool:
    return verdict.status == "carried" or (verdict.status == "unverified" and keep_unverified)
