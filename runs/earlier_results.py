"""Earlier results: what carries a prepared sentence that tells of an old one and names none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..grounding.evidence import index
from ..state.answer import Sentence
from ..state.answering import Evidenced
from ..state.remembered import shown_whole
from .evidence import collect
from .view import RunView
from .writing import Writing, blocks_of

SHOWN = 6
"""Results of earlier turns that a writer sees who corrects such a sentence."""

_WORD = re.compile(r"\w+")


async def with_earlier(
    desk: Writing, own: Sequence[Sentence], view: RunView
) -> tuple[Writing, list[Sentence]]:
    """Find among the results of earlier turns what carries sentences that name nothing.

    A planner that replies from what it was shown of them may forget to say which one it means. A
    sentence that one or several of them carry cites them; where none does, those that share
    most words with it are put before whoever corrects it.

    Args:
        desk: What the answer is written from.
        own: Prepared sentences.
        view: The run, with what the thread remembers.

    Returns:
        The desk with the results that are needed, and the sentences with what they rest on.
    """
    earlier = await _earlier(desk, view) if not all(s.cites for s in own) else {}
    if not earlier:
        return desk, [*own]
    all_of_it = _extended(desk, earlier)
    found, needed = list[Sentence](), set[str]()
    for sentence in own:
        if not sentence.cites and (await desk.check([sentence])).failed:
            carriers = await _carriers(all_of_it, sentence, list(earlier))
            needed.update(carriers or _related(sentence, earlier))
            found.append(sentence.model_copy(update={"cites": tuple(carriers)}))
        else:
            found.append(sentence)
    return _extended(desk, {id_: earlier[id_] for id_ in earlier if id_ in needed}), found


async def _earlier(desk: Writing, view: RunView) -> dict[str, Evidenced]:
    """Return evidence of the results that the planner was shown, newest first."""
    shown = reversed(shown_whole([*view.remembered.values()]))
    results = {i.step.id: i.result for i in shown if i.step.id not in view.results}
    found = await collect(results, desk.dependencies.store.payloads, view.memory)
    return {id_: item for id_, item in found.items() if id_ not in desk.evidence}


def _extended(desk: Writing, earlier: Mapping[str, Evidenced]) -> Writing:
    """Return a desk with more evidence."""
    if not earlier:
        return desk
    evidence = {**desk.evidence, **earlier}
    read = {
        id_: replace(
            index(id_, item.evidence.source, item.text),
            in_part=bool(item.evidence.cut),
        )
        for id_, item in earlier.items()
    }
    blocks = (*desk.brief.evidence, *blocks_of(evidence, list(earlier)))
    return replace(
        desk,
        evidence=evidence,
        brief=replace(desk.brief, evidence=blocks),
        ground=replace(desk.ground, evidence={**desk.ground.evidence, **read}),
    )


async def _carriers(desk: Writing, sentence: Sentence, ids: Sequence[str]) -> list[str]:
    """Return the fewest results that carry a sentence, the newest of those that do it alone."""
    for id_ in ids:
        if await _is_carried(desk, sentence, [id_]):
            return [id_]
    needed = list(ids)
    if not await _is_carried(desk, sentence, needed):
        return []
    for id_ in reversed(ids):
        fewer = [other for other in needed if other != id_]
        if await _is_carried(desk, sentence, fewer):
            needed = fewer
    return needed


async def _is_carried(desk: Writing, sentence: Sentence, ids: Sequence[str]) -> bool:
    citing = sentence.model_copy(update={"cites": tuple(ids)})
    return not (await desk.check([citing])).failed


def _related(sentence: Sentence, earlier: Mapping[str, Evidenced]) -> list[str]:
    """Return the results that a sentence shares most words with, the newest of equals first."""
    said = _words(sentence.text)
    shared = {
        id_: len(said & _words(f"{e.evidence.source} {e.text}")) for id_, e in earlier.items()
    }
    return sorted(shared, key=lambda id_: -shared[id_])[:SHOWN]


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))
