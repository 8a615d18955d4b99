"""Citing: an answer's text taken apart into sentences and their citations, and checked anew.

The answer is read as a person reads it, from its text and its numbered sources alone, so that a
mistake in how answers are put together shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from ..grounding.check import check
from ..grounding.effects import EffectCall
from ..grounding.evidence import index
from ..grounding.facts import read
from ..grounding.ground import Ground
from ..state.relevance import sentences
from ..state.values import Record
from .outcome import RunOutcome

_MARKS = re.compile(r"((?: ?\[\d+\])+)(?=\s|$)")
_NUMBER = re.compile(r"\d+")


class CitedSentence(Record):
    """Text that ends in citations."""

    text: str
    numbers: tuple[int, ...]


def cited_sentences(answer: str) -> Iterator[CitedSentence]:
    """Yield each stretch of text with the citations that follow it."""
    parts = _MARKS.split(answer)
    for text, marks in zip(parts[::2], parts[1::2], strict=False):
        yield CitedSentence(
            text=text.strip(), numbers=tuple(int(n) for n in _NUMBER.findall(marks))
        )


def ungrounded(sentence: CitedSentence, outcome: RunOutcome, ground: Ground) -> str:
    """Return why the sources do not carry a sentence, or an empty string if they do."""
    evidence_of = {c.number: c.evidence for c in outcome.answer.citations}
    unknown = [n for n in sentence.numbers if evidence_of.get(n) not in outcome.evidence]
    if unknown:
        return f"{sentence.text!r} cites {unknown}, which is no evidence of the run"
    cites = [evidence_of[n] for n in sentence.numbers]
    quotes = outcome.answer.written_by in ("template", "extractive")
    verdicts = [check(part, cites, ground, quotes=quotes) for part in sentences(sentence.text)]
    failed = [verdict.reason for verdict in verdicts if verdict.status == "failed"]
    return f"{sentence.text!r}: {'; '.join(failed)}" if failed else ""


def ground_of(outcome: RunOutcome) -> Ground:
    """Read what an outcome's sentences may stand on, without asking the run."""
    done = [call for call in outcome.calls if call.tool in outcome.performed]
    parts = {id_: text.partition("\n") for id_, text in outcome.evidence.items()}
    return Ground(
        evidence={id_: index(id_, source, text) for id_, (source, _, text) in parts.items()},
        today=datetime.now(UTC).date(),
        request=outcome.request,
        effects=[EffectCall(tool=call.tool, args=call.args) for call in done],
    )


def uncited_lines(outcome: RunOutcome) -> Iterator[str]:
    """Yield a problem, or an empty string, for each line after the last citation.

    The run may say without a source what it did not do and why; it knows that itself. Anything else
    must not hold a fact that somebody could check.
    """
    tail = _MARKS.split(outcome.answer.text)[-1]
    for line in filter(None, (line.strip() for line in tail.splitlines())):
        known = any(line.endswith(notice.strip()) for notice in _lines(outcome))
        unproven = () if known else read(line).texts
        yield f"{line!r} cites nothing for {', '.join(unproven)}" if unproven else ""


def _lines(outcome: RunOutcome) -> Iterator[str]:
    for notice in outcome.notices:
        yield from filter(str.strip, notice.splitlines())
