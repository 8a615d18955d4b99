"""Checking: an answer's sentences before anybody reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from ..grounding.check import SentenceVerdict, check
from ..grounding.ground import WORKED, Ground
from ..state.answer import Sentence
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
    """What passed the rules, what of it only meaning can judge, and what failed."""

    kept: tuple[Sentence, ...] = ()
    unverified: tuple[str, ...] = ()
    """Texts of kept sentences that rules cannot decide."""
    failed: tuple[FailedSentence, ...] = ()

    def __add__(self, other: CheckedSentences) -> CheckedSentences:
        """Join two checks of different sentences."""
        return CheckedSentences(
            kept=self.kept + other.kept,
            unverified=self.unverified + other.unverified,
            failed=self.failed + other.failed,
        )


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
    kept: list[Sentence] = []
    for sentence in checked.kept:
        parts = sentences(sentence.text)
        passed = [part for part in parts if part not in left_out]
        if len(passed) == len(parts):
            kept.append(sentence)
        elif passed:
            kept.append(sentence.model_copy(update={"text": " ".join(passed)}))
    failed = tuple(FailedSentence(text=text, reason=reason) for text in checked.unverified)
    return CheckedSentences(kept=tuple(kept), failed=checked.failed + failed)


def _checked(
    sentence: Sentence, ground: Ground, keep_unverified: bool, quotes: bool
) -> CheckedSentences:
    """Check a sentence, or each sentence of a longer text, and keep what passes of it."""
    cites = tuple(id_ for id_ in sentence.cites if id_ in ground.evidence)
    parts = sentences(sentence.text)
    basis = cites
    if sentence.worked:
        ground, basis = ground.with_worked(sentence.worked), (*cites, WORKED)
    verdicts = [(part, check(part, basis, ground, quotes=quotes)) for part in parts]
    passed = [part for part, verdict in verdicts if _passes(verdict, keep_unverified)]
    text = sentence.text if len(passed) == len(parts) else " ".join(passed)
    return CheckedSentences(
        kept=(Sentence(text=text, cites=cites),) if passed else (),
        unverified=tuple(
            part for part, verdict in verdicts if verdict.status == "unverified" and keep_unverified
        ),
        failed=tuple(
            FailedSentence(text=part, reason=verdict.reason)
            for part, verdict in verdicts
            if not _passes(verdict, keep_unverified)
        ),
    )


def _passes(verdict: SentenceVerdict, keep_unverified: bool) -> bool:
    return verdict.status == "carried" or (verdict.status == "unverified" and keep_unverified)
