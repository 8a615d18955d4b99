"""Thread summary: the turns of a long conversation that prompts show in short, within a bound.

Each message stands with the turn it was said in, its speaker and its sources, in its own first
sentence and those with figures: nothing is put in other words, so no model and no check is needed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..state.relevance import sentences
from ..state.task import Utterance

SUMMARY_CHARACTERS = 4000
"""Of all messages in short."""
SHORT = 200
"""Characters of one of them."""
CUT = "…"
_FIGURE = re.compile(r"\d")


def in_short(said: Sequence[Utterance]) -> tuple[Utterance, ...]:
    """Return messages in short: the newest that there is room for, and the very first.

    Args:
        said: What was said before what is shown in full, each with its turn; oldest first.
    """
    short = [_short(utterance) for utterance in said]
    if not short:
        return ()
    room = SUMMARY_CHARACTERS - len(short[0].text)
    kept: list[Utterance] = []
    for utterance in reversed(short[1:]):
        room -= len(utterance.text)
        if room < 0:
            break
        kept.append(utterance)
    return (short[0], *reversed(kept))


def is_cut(utterance: Utterance) -> bool:
    """Whether a message in short ends within a sentence, so that it may say the contrary."""
    return bool(utterance.turn) and utterance.text.endswith(CUT)


def _short(utterance: Utterance) -> Utterance:
    text = _sentences_of(utterance.text)
    missing = utterance.missing + max(0, len(utterance.text) - len(text))
    return utterance.model_copy(update={"text": text, "missing": missing})


def _sentences_of(text: str) -> str:
    """Return the first sentence and those with figures, as many as fit."""
    found = sentences(text) or [text.strip()]
    kept = [found[0]]
    for sentence in found[1:]:
        if _FIGURE.search(sentence) and len(" ".join([*kept, sentence])) <= SHORT:
            kept.append(sentence)
    short = " ".join(kept)
    return short if len(short) <= SHORT else f"{short[: SHORT - 1].rstrip()}{CUT}"
