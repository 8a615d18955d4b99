"""The playbook planner: fixed plans for known requests, without a model.

It reads the message, finds the playbook of each request in it, takes the arguments from the user's
words, and puts the plans together. When anything is in doubt it declines and says why.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..state.plan import AnswerSentence, Plan, Step
from ..state.values import canonical_json
from .extraction import ArgumentExtractor, Extraction, extract, extract_with_model
from .patterns import TooSlowError
from .protocols import Declined, PlanRequest
from .reading import COUNTER, Asked, Bounds, Reader, Reading, read
from .similarity import SimilarityIndex, entities
from .template import Playbook, instantiate

PLANNER = "playbook"

THRESHOLD = 0.42
"""Least similarity of a request; measured on the support desk's held-out requests."""
MARGIN = 0.04
"""Least distance to the runner-up, whether another playbook or a counterexample."""
SUPPORT = 0.3
"""Least similarity of every single clause that is a request."""
MAX_CHARACTERS = 2000
"""A longer text is not compared with anything: reading it would hold up the event loop."""

_BACK_REFERENCE = re.compile(
    r"\b(?:it|its|that|this|them|same|the (?:order|ticket|customer))\b", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class _Filled:
    playbook: Playbook
    asked: Asked
    found: Extraction


class PlaybookPlanner:
    """`Planner` over a set of playbooks.

    Args:
        playbooks: The playbooks.
        extractor: A model for required arguments that no pattern finds.
        defers: Whether a planner that reads the conversation is asked next. It then gets what only
            the conversation makes clear: replies to a question, and changes of what waits.
        threshold: Least similarity, from 0 to 1, to plan at all.
        margin: Least distance to the second-best playbook.
    """

    def __init__(
        self,
        playbooks: Sequence[Playbook],
        *,
        extractor: ArgumentExtractor | None = None,
        defers: Callable[[], bool] = lambda: False,
        threshold: float = THRESHOLD,
        margin: float = MARGIN,
    ) -> None:
        self._extractor = extractor
        self._defers = defers
        self._playbooks = {playbook.name: playbook for playbook in playbooks}
        examples = {name: playbook.intents for name, playbook in self._playbooks.items()}
        others = {f"{COUNTER}{p.name}": p.not_intents for p in playbooks}
        # An order number or an amount that no example of the playbook has would be ignored by it.
        self._entities = {
            name: frozenset[str]().union(*map(entities, intents))
            for name, intents in examples.items()
        }
        self._reader = Reader(
            index=SimilarityIndex({**examples, **others}),
            bounds=Bounds(threshold=threshold, margin=margin, support=SUPPORT),
            admits=self._admits,
            complete=self._complete,
        )

    @property
    def can_do(self) -> tuple[str, ...]:
        """One line for each playbook."""
        return tuple(playbook.description for playbook in self._playbooks.values())

    def read(self, text: str) -> Reading:
        """Say which playbooks a message asks for, with scores, and plan nothing.

        Raises:
            TooSlowError: A playbook's pattern needs more time than it gets.
        """
        return read(text, self._reader)

    async def plan(self, request: PlanRequest) -> Plan | Declined:
        """Plan from playbooks, or decline; see `Planner`."""
        if request.previous is not None:
            return self._declined("A playbook has no second plan.")
        text = request.task.text
        if len(text) > MAX_CHARACTERS:
            return self._declined(f"The request is longer than {MAX_CHARACTERS} characters.")
        defers = self._defers()
        if defers and _replies(request):
            return self._declined("The conversation makes it clear, and playbooks do not read it.")
        try:
            # A pattern that takes long holds up a thread, and no event loop.
            reading = await asyncio.to_thread(self.read, text)
            if defers and request.waits and self._changes(reading, request):
                return self._declined("It may change what waits, and playbooks do not see that.")
            filled = [await self._fill(asked, reading, request) for asked in reading.asked]
        except TooSlowError as error:
            return self._declined(f"The request cannot be read: {error}")
        if not filled:
            return self._unreadable(reading)
        if missing := tuple(line for part in filled for line in _missing(part)):
            return self._declined(_nearly(filled), missing=missing)
        permitted = {tool.name for tool in request.tools}
        if lacking := sorted({t for f in filled for t in f.playbook.tools} - permitted):
            return self._declined(f"This task may not use {', '.join(lacking)}.")
        merged = _merged(_distinct(filled), version=request.version)
        return merged.model_copy(update={"data_class": request.task.data_class})

    def _changes(self, reading: Reading, request: PlanRequest) -> bool:
        changing = {tool.name for tool in request.tools if tool.effect != "read"}
        asked = (self._playbooks[asked.match.label] for asked in reading.asked)
        return any(changing & set(playbook.tools) for playbook in asked)

    def _admits(self, label: str, text: str) -> bool:
        playbook = self._playbooks[label]
        return playbook.admits(text) and entities(text) <= self._entities[label]

    def _complete(self, label: str, text: str) -> bool:
        arguments = self._playbooks[label].arguments
        found = extract(arguments, text)
        # What has no pattern is left to the model, if there is one.
        absent = [name for name in found.absent if self._extractor is None or arguments[name].shape]
        return not absent and not found.ambiguous

    async def _fill(self, asked: Asked, reading: Reading, request: PlanRequest) -> _Filled:
        playbook = self._playbooks[asked.match.label]
        # "Where is ORD-1003? Refund it": only a request that points back may look elsewhere.
        whole = (request.task.text,) if _BACK_REFERENCE.search(asked.text) else ()
        texts = (asked.text, reading.context, *whole)
        found = await extract_with_model(
            playbook.arguments,
            *texts,
            extractor=self._extractor,
            run=request.run,
            data_class=request.task.data_class,
        )
        return _Filled(playbook=playbook, asked=asked, found=found)

    def _declined(self, reason: str, *, missing: tuple[str, ...] = ()) -> Declined:
        return Declined(planner=PLANNER, reason=reason, missing=missing, can_do=self.can_do)

    def _unreadable(self, reading: Reading) -> Declined:
        return self._declined(f"No playbook fits this request. {reading.problem}".strip())


def _replies(request: PlanRequest) -> bool:
    """Whether a message that asks nothing follows a question, or comes while something waits."""
    if "?" in request.task.text:
        return False
    said = [u.text for u in request.task.conversation if u.speaker == "assistant"]
    return bool(request.waits) or bool(said and said[-1].rstrip().endswith("?"))


def _missing(filled: _Filled) -> list[str]:
    arguments = filled.playbook.arguments
    absent = [arguments[name].description for name in filled.found.absent]
    unclear = [
        f"{arguments[name].description}: the request names {_listed(candidates)}, and only one "
        "can be meant"
        for name, candidates in filled.found.ambiguous.items()
    ]
    return absent + unclear


def _listed(candidates: Sequence[str]) -> str:
    return " and ".join([", ".join(candidates[:-1]), candidates[-1]])


def _nearly(filled: Sequence[_Filled]) -> str:
    incomplete = [part for part in filled if not part.found.complete]
    fits = " ".join(f"{_why(part)}, but not all it needs is given." for part in incomplete)
    notes = " ".join(part.found.note for part in incomplete if part.found.note)
    return f"{fits} {notes}".strip()


def _why(filled: _Filled) -> str:
    match = filled.asked.match
    return f"{match.label} fits with {match.score:.2f}: like “{match.example}”"


def _distinct(filled: Sequence[_Filled]) -> list[_Filled]:
    """Leave out a request that another one repeats."""
    found: dict[str, _Filled] = {}
    for part in filled:
        found.setdefault(canonical_json([part.playbook.name, part.found.values]), part)
    return list(found.values())


def _instructions(filled: Sequence[_Filled]) -> list[str]:
    return [text for part in filled if (text := part.playbook.instructions.strip())]


def _merged(filled: Sequence[_Filled], *, version: int) -> Plan:
    """Put the plans side by side; they share nothing, so they run in parallel."""
    steps: list[Step] = []
    answer: list[AnswerSentence] = []
    for number, part in enumerate(filled, start=1):
        prefix = f"q{number}_" if len(filled) > 1 else ""
        own_steps, own_answer = instantiate(part.playbook, part.found.values, prefix=prefix)
        steps += own_steps
        answer += own_answer
    return Plan(
        steps=tuple(steps),
        version=version,
        planner=f"{PLANNER}:{'+'.join(part.playbook.name for part in filled)}",
        reason=f"{'; '.join(_why(part) for part in filled)}.",
        answer=tuple(answer),
        instructions="\n\n".join(dict.fromkeys(_instructions(filled))),
        tools=tuple(sorted({tool for part in filled for tool in part.playbook.tools})),
    )
