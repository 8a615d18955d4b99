"""Telling: what a user hears of what did not happen. The causes are the operators' to read.

A failure's message is written for whoever runs the agent: it may name tables, paths, hosts and
rules. A user hears of a cause where a person or a tool has put it in words that are fit for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from ..grounding.language import Language
from ..state.instances import parts_of
from ..state.plan import Plan, Step
from ..state.relevance import sentences
from ..state.results import StepResult
from ..state.run import Stop
from .phrases import Phrase, phrase

LONGEST = 300
"""Characters of a cause that a user hears."""

MOST_CAUSES = 5
"""Causes of a loop's items that a user hears."""

_OWN_WORDS = frozenset({"check", "tool_error", "rejected", "responded", "did_not_happen"})
"""Kinds of failures whose message a person, a tool or a playbook has written."""
_FROM = re.compile(r"^[A-Za-z_][\w.]*: (?=\S)")
"""The exception, field or tool that a message begins with."""
_INTERNAL = re.compile(
    r"[{}<>\[\]|\\=`]|://|\w/\w+/|\b\w+(?:Error|Exception)\b|\b\w+_\w+\b|\bTraceback\b|\n"
)
_SENTENCE = re.compile(r"^[^\W\d_a-z].*\s.*\s")


def told(
    plan: Plan, results: Mapping[str, StepResult], stop: Stop | None, language: Language
) -> list[str]:
    """Return what a user hears of what did not happen, in plan order."""
    lines = [
        line
        for step in plan.steps
        if (result := results.get(step.id)) is not None
        for line in _of_step(step, result, _causes(step, result, results), stop, language)
    ]
    return [*lines, *(_of_stop(stop, language) if stop else ())]


def _of_step(
    step: Step, result: StepResult, causes: Sequence[str], stop: Stop | None, language: Language
) -> Iterator[str]:
    what = in_words(step)
    if stop is not None and result.status == "cleared":
        yield phrase(language, "approved_not_done", what)
    if result.failure is None or step.optional:
        return
    name = _name(result)
    if name is not None:
        yield " ".join([phrase(language, name, what), *causes])


def _causes(step: Step, result: StepResult, results: Mapping[str, StepResult]) -> list[str]:
    """Return the causes that a user hears: the step's own, or those of a loop's items."""
    inner = {s.id for s in step.for_each.steps} if step.for_each else set[str]()
    failed = [r for name, r in results.items() if parts_of(name)[0] in inner] or [result]
    causes = [cause_for_user(r.failure.kind, r.failure.message) for r in failed if r.failure]
    return [*dict.fromkeys(filter(None, causes))][:MOST_CAUSES]


def _name(result: StepResult) -> Phrase | None:
    kind = result.failure.kind if result.failure else ""
    match result.status:
        case "rejected":
            return "withdrawn" if kind == "withdrawn" else "declined"
        case "failed":
            return "not_allowed" if kind == "refused" else "failed"
        case "blocked":
            return "not_done"
        case "skipped" | "accepted":
            return "went_without"
        case _:
            return None


def _of_stop(stop: Stop, language: Language) -> Iterator[str]:
    if stop.reason != "planning":
        yield phrase(language, "stopped")
        return
    if stop.said:
        return
    if stop.trouble:
        yield phrase(language, "trouble")
        return
    if stop.missing:
        yield phrase(language, "missing", "; ".join(stop.missing))
        return
    yield phrase(language, "unable")
    if stop.can_do:
        yield "\n".join([phrase(language, "can_do"), *(f"- {line}" for line in stop.can_do)])


def withdrawn_in_words(plan: Plan, language: Language) -> list[str]:
    """Return what a user hears of the waiting requests that a plan withdraws."""
    return [phrase(language, "withdrawn", words) for words in plan.withdraws.values()]


def in_words(step: Step) -> str:
    """Return what a step is for, as a user may read it."""
    named = (step.tool or step.id).replace("_", " ").strip().capitalize()
    return step.goal if step.goal and not _INTERNAL.search(step.goal) else named


def cause_for_user(kind: str, message: str) -> str:
    """Return the cause of a failure in words fit for a user, or nothing."""
    if kind not in _OWN_WORDS:
        return ""
    text = message.strip()
    if kind in ("rejected", "responded", "did_not_happen"):
        # What a person said, with who said it: nothing of it is ours.
        return text[:LONGEST]
    fit = takewhile(_is_fit, sentences(_FROM.sub("", text)))
    return " ".join(fit)[:LONGEST]


def _is_fit(sentence: str) -> bool:
    return bool(_SENTENCE.match(sentence)) and not _INTERNAL.search(sentence)


def done(plan: Plan, effects: Sequence[str], language: Language) -> list[tuple[str, str]]:
    """Return what was done, as a user reads it, each with the first step that did it.

    Args:
        plan: The plan.
        effects: Steps, or their instances in loops, that have changed something.
        language: The user's.
    """
    times = Counter(parts_of(name)[0] for name in effects)
    first = {local: next(n for n in effects if parts_of(n)[0] == local) for local in times}
    return [
        (first[local], phrase(language, "done", _times(in_words(plan.step(local)), count)))
        for local, count in times.items()
    ]


def _times(what: str, count: int) -> str:
    return f"{what.rstrip(' .')} (x{count})" if count > 1 else what
