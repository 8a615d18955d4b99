"""Correcting: ask once more for sentences that failed, and put each correction in its place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..models.requests import ModelRequest, Signals
from ..state.answer import Sentence
from . import prompts
from .checking import CheckedSentences, FailedSentence, without_unverified
from .events import emit
from .writing import UNREACHED, Writing, ask, blocks_of


async def corrected(desk: Writing, checked: CheckedSentences) -> CheckedSentences:
    """Ask once for what failed, ask the verifier about the rest, and say what has passed."""
    if checked.failed and (anew := await _rewrite(desk, checked.failed)):
        seen = desk.as_seen()
        checked = checked.corrected(
            [await seen.check(some) for some in in_place_of(checked.failed, anew)]
        )
    return desk.say(await _confirmed(desk, checked))


def in_place_of(failed: Sequence[FailedSentence], anew: Sequence[Sentence]) -> list[list[Sentence]]:
    """Return for each sentence that failed what was written in its place.

    Where the writer has left some out, joined or divided them, each new one belongs to the failed
    one with which it shares most words.
    """
    if len(anew) == len(failed):
        return [[sentence] for sentence in anew]
    places: list[list[Sentence]] = [[] for _ in failed]
    for sentence in anew:
        shared = [len(_words(sentence.text) & _words(one.text)) for one in failed]
        places[shared.index(max(shared))].append(sentence)
    return places


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))


async def _rewrite(desk: Writing, failed: Sequence[FailedSentence]) -> list[Sentence]:
    """Ask the writer once for the sentences that failed; nothing where it cannot be had."""
    if desk.role is None:
        return []
    messages = prompts.rewrite_messages(desk.brief, [(s.text, s.reason) for s in failed])
    try:
        sentences, _ = await ask(desk, messages, None)
    except UNREACHED as error:
        emit(desk.runtime, "writer_failed", node="synthesize", why=str(error))
        return []
    return sentences


async def _confirmed(desk: Writing, checked: CheckedSentences) -> CheckedSentences:
    """Ask the verifier model, where there is one, about sentences that passed the rules.

    One that fails or miscounts has judged nothing, and passes nothing.
    """
    models, sentences = desk.dependencies.models, checked.kept
    if not sentences or not desk.has_verifier:
        return checked
    request = ModelRequest(
        signals=Signals(
            role="verifier",
            task_type="verification",
            needs_schema=True,
            data_class=desk.data_class,
        ),
        messages=prompts.verify_messages(
            [(s.text, blocks_of(desk.evidence, s.cites)) for s in sentences],
            instructions=desk.brief.instructions,
            sources=desk.brief.sources,
        ),
        schema=prompts.VERIFY_SCHEMA,
        max_output_tokens=512,
    )
    try:
        reply = await models.complete(request, run=desk.run, step="answer")
        verdicts: list[bool] = reply.data["supported"]
    except UNREACHED:
        verdicts = []
    if len(verdicts) == len(sentences):
        return checked.judged(verdicts, "the verifier found no support")
    # Nobody has judged what only meaning can decide, and it has been asked for: it has not passed.
    return without_unverified(checked, "only its meaning can be judged, and no verifier did")
