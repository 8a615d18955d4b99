"""Reading a message: which of its clauses ask for which label, or why it cannot be read.

Neighbouring clauses are grouped so that every group asks for one thing. Nothing that was asked is
left over: a clause that fits no group makes the whole message unreadable, because a plan that does
half of what was asked is a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .clauses import MAX_CLAUSES, Clause, clauses, joined
from .similarity import IntentMatch, SimilarityIndex

COUNTER = "-"
"""What the label of counterexamples begins with: requests that look like those of a playbook and
are something else."""

_GROUP_COST = 0.04
"""What one more group must gain in similarity, so that one request is not read as two."""
_INCOMPLETE_COST = 0.2
"""What a group loses if its arguments cannot be found in it."""
_NEGATION = re.compile(r"\b(?:do not|don'?t|never|no longer|stop|without)\b", re.IGNORECASE)

Judgement = Callable[[str, str], bool]
"""Answers a question about a label and the text of a request."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How much similarity is enough."""

    threshold: float
    """Least score of a request."""
    margin: float
    """Least distance to the runner-up."""
    support: float
    """Least score of each request clause in a group for what the group asks."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """What messages are compared with."""

    index: SimilarityIndex
    bounds: Bounds
    admits: Judgement
    """Whether the label may serve the request at all, however similar it is."""
    complete: Judgement
    """Whether the label's arguments can be found in the request."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request of a message."""

    match: IntentMatch
    text: str
    """The words of the request."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a message asks for."""

    asked: tuple[Asked, ...] = ()
    """Empty if the message cannot be read."""
    context: str = ""
    """What belongs to no request: greetings, and what happened."""
    problem: str = ""


def read(text: str, reader: Reader) -> Reading:
    """Read a message."""
    parts = clauses(text)
    telling = [part for part in parts if part.kind != "filler"]
    if not telling:
        return Reading(problem="It asks for nothing.")
    if len(telling) > MAX_CLAUSES:
        return Reading(problem=f"It has more than {MAX_CLAUSES} sentences.")
    groups = _Grouping(telling, reader).best()
    if groups is None:
        whole = joined(telling)
        return _unreadable(reader.index.rank(whole), reader.bounds)
    used = " ".join(asked.text for asked in groups)
    context = " ".join(part.text for part in parts if part.text not in used)
    return Reading(asked=groups, context=context)


def _unreadable(ranking: Sequence[IntentMatch], bounds: Bounds) -> Reading:
    labels = [match for match in ranking if not _is_counter(match)]
    if not labels:
        return Reading(problem="There is nothing to compare it with.")
    nearest, first = labels[0], ranking[0]
    if _is_counter(first):
        problem = f"It is like “{first.example}”, which no playbook does."
    elif nearest.score < bounds.threshold:
        problem = f"The nearest playbook scores {nearest.score:.2f}, below {bounds.threshold:.2f}."
    else:
        problem = "A part of it fits no playbook, or it fits two equally well."
    return Reading(problem=problem)


def _is_counter(match: IntentMatch) -> bool:
    return match.label.startswith(COUNTER)


class _Grouping:
    """The best cut of clauses into groups of neighbours."""

    def __init__(self, parts: Sequence[Clause], reader: Reader) -> None:
        self._parts = parts
        self._reader = reader
        self._bounds = reader.bounds
        self._alone = [{m.label: m.score for m in reader.index.rank(p.text)} for p in parts]

    def best(self) -> tuple[Asked, ...] | None:
        """Return the groups with the highest similarity, weighted by length; `None` if none fit."""
        best: list[tuple[float, tuple[Asked, ...]] | None] = [(0.0, ())]
        for end in range(1, len(self._parts) + 1):
            best.append(None)
            for start in range(end):
                before = best[start]
                if before is None or (group := self._group(start, end)) is None:
                    continue
                value, asked = group
                total = (before[0] + value, (*before[1], *asked))
                current = best[end]
                if current is None or total[0] > current[0]:
                    best[end] = total
        found = best[-1]
        return found[1] if found and found[1] else None

    def _group(self, start: int, end: int) -> tuple[float, tuple[Asked, ...]] | None:
        parts = self._parts[start:end]
        whole = joined(parts)
        match = self._accept(whole)
        if match is None or not self._supported(start, end, match):
            # What only tells what happened may stand beside the requests.
            alone = len(parts) == 1 and parts[0].kind == "background"
            return (0.0, ()) if alone else None
        share = sum(len(part.text) for part in parts) / sum(len(p.text) for p in self._parts)
        return share * self._worth(match, whole) - _GROUP_COST, (Asked(match=match, text=whole),)

    def _supported(self, start: int, end: int, match: IntentMatch) -> bool:
        """Whether every request among the clauses asks for what the whole is taken for."""
        return end - start == 1 or all(
            self._parts[i].kind == "background" or self._agrees(i, match.label)
            for i in range(start, end)
        )

    def _agrees(self, position: int, label: str) -> bool:
        scores = self._alone[position]
        counter = max((s for name, s in scores.items() if name.startswith(COUNTER)), default=0.0)
        return scores[label] >= max(self._bounds.support, counter)

    def _accept(self, text: str) -> IntentMatch | None:
        bounds = self._bounds
        ranking = [
            match
            for match in self._reader.index.rank(text)
            if _is_counter(match) or self._reader.admits(match.label, text)
        ]
        ranking.sort(key=lambda match: -self._worth(match, text))
        first = ranking[0] if ranking else None
        if first is None or _is_counter(first) or first.score < bounds.threshold:
            return None
        rivals = [self._worth(match, text) for match in ranking[1:]]
        ahead = self._worth(first, text) - max(rivals, default=0.0)
        negated = _NEGATION.search(text) and not _NEGATION.search(first.example)
        return None if ahead < bounds.margin or negated else first

    def _worth(self, match: IntentMatch, text: str) -> float:
        """Return the score, less for a label whose arguments the text does not give."""
        given = _is_counter(match) or self._reader.complete(match.label, text)
        return match.score if given else match.score - _INCOMPLETE_COST
