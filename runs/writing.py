"""Writing: have a model write an answer's sentences, and hold each to what carries it.

A sentence is checked as soon as it is whole, and said once it has passed. One that fails is asked
for once more with the reason; what fails again stays out, and the answer names it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from langchain_core.messages import BaseMessage
from langgraph.runtime import Runtime

from ..errors import BudgetExceededError, EndpointError, OutputError
from ..grounding.ground import Ground
from ..models.blocks import Block
from ..models.requests import Emit, ModelRequest, Role, Signals
from ..state.answer import Sentence
from ..state.answering import Evidenced
from ..state.context import AgentContext
from ..state.provenance import union
from ..state.run import Run
from ..state.values import JsonObject
from . import prompts
from .calls import AcceptedCall
from .checking import (
    CheckedSentences,
    FailedSentence,
    check_sentences,
    without_unverified,
)
from .credited import credited
from .dependencies import Dependencies
from .events import emit, emitter
from .listening import is_heard
from .sentence_reader import SentenceReader, sentence_of
from .spoken import Spoken

UNREACHED = (EndpointError, OutputError, BudgetExceededError)
"""Why a model's words cannot be had; no reason not to answer."""


@dataclass(frozen=True, kw_only=True)
class Writing:
    """What an answer is written from and checked against, and to whom it is said."""

    run: Run
    brief: prompts.AnswerBrief
    evidence: dict[str, Evidenced]
    effects: Sequence[AcceptedCall]
    """What was done."""
    ground: Ground
    keep_unverified: bool
    spoken: Spoken
    runtime: Runtime[AgentContext]
    dependencies: Dependencies

    async def check(self, written: Sequence[Sentence], *, quotes: bool = False) -> CheckedSentences:
        """Check sentences by the rules."""
        judged = self.keep_unverified or self.has_verifier
        return await check_sentences(written, self.ground, keep_unverified=judged, quotes=quotes)

    def as_seen(self) -> Writing:
        """Return this for words of the writer, who counts and adds up only what it was shown."""
        blocks = self.brief.evidence
        cut = {block.name for block in blocks if block.missing_at(prompts.ANSWER_CHARACTERS)}
        return replace(self, ground=self.ground.seen_in_part(cut))

    def say(self, checked: CheckedSentences) -> CheckedSentences:
        """Say what has passed, citing the deeds that it tells of."""
        checked = replace(checked, kept=credited(checked.kept, self.effects, self.evidence))
        for sentence in checked.kept:
            self.spoken.say(sentence)
        return checked

    @property
    def has_verifier(self) -> bool:
        """Whether a model judges what only meaning can decide."""
        return self.dependencies.models.serves("verifier")

    @property
    def role(self) -> Role | None:
        """Who writes, if anybody can."""
        roles: tuple[Role, ...] = ("generator", "chat", "planner")
        return next((role for role in roles if self.dependencies.models.serves(role)), None)


async def write(desk: Writing) -> tuple[CheckedSentences, str]:
    """Have the model write the answer; return what passed, what failed, and who wrote.

    Raises:
        EndpointError: The writer cannot be had, and nothing was said.
        OutputError: It did not reply as asked, and nothing was said.
        BudgetExceededError: No cap leaves room, and nothing was said.
    """
    desk = desk.as_seen()
    live = _Live(desk)
    whole = desk.has_verifier or not is_heard()
    try:
        async with live.listening() as heard:
            written, model = await _ask(
                desk, prompts.answer_messages(desk.brief), None if whole else heard
            )
    except UNREACHED as error:
        if not live.checked.kept:
            raise
        # Its first sentences have been read: they are the answer, and it is not whole.
        cut = FailedSentence(text="The rest of the answer.", reason=str(error))
        return replace(live.checked, failed=(*live.checked.failed, cut)), ""
    rest = await desk.check([s for s in written if s not in live.seen])
    checked = live.checked + (rest if whole else desk.say(rest))
    return await corrected(desk, checked), model


async def corrected(desk: Writing, checked: CheckedSentences) -> CheckedSentences:
    """Ask once for what failed, ask the verifier about the rest, and say what has passed."""
    if checked.failed:
        anew = await _rewrite(desk, checked.failed)
        again = await desk.as_seen().check(anew)
        # What was left out stays dropped, and is named as it was first written.
        checked = replace(
            checked + replace(again, failed=()), failed=again.failed if anew else checked.failed
        )
    return desk.say(await _confirmed(desk, checked))


class _Live:
    """Checks and says sentences while the reply that holds them is still coming."""

    def __init__(self, desk: Writing) -> None:
        self._desk = desk
        self._reader = SentenceReader()
        self._whole: asyncio.Queue[Sentence | None] = asyncio.Queue()
        self.seen: list[Sentence] = []
        self.checked = CheckedSentences()

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[Emit]:
        """Give the sink for the model's events; what it has brought is checked at the end."""
        work = asyncio.create_task(self._work())
        try:
            yield self._hear
        finally:
            self._whole.put_nowait(None)
            await work

    def _hear(self, event: JsonObject) -> None:
        match event.get("event"):
            case "token":
                for sentence in self._reader.feed(str(event.get("text", ""))):
                    self._whole.put_nowait(sentence)
            case "discard":
                # The next candidate begins anew; what was said stays said.
                self._reader.forget()
            case _:
                emitter(self._desk.runtime, node="synthesize")(event)

    async def _work(self) -> None:
        while (sentence := await self._whole.get()) is not None:
            if sentence in self.seen:
                continue
            self.seen.append(sentence)
            self.checked += self._desk.say(await self._desk.check([sentence]))


async def _rewrite(desk: Writing, failed: Sequence[FailedSentence]) -> list[Sentence]:
    """Ask the writer once for the sentences that failed; nothing where it cannot be had."""
    if desk.role is None:
        return []
    messages = prompts.rewrite_messages(desk.brief, [(s.text, s.reason) for s in failed])
    try:
        sentences, _ = await _ask(desk, messages, None)
    except UNREACHED as error:
        emit(desk.runtime, "writer_failed", node="synthesize", why=str(error))
        return []
    return sentences


async def _ask(
    desk: Writing, messages: list[BaseMessage], heard: Emit | None
) -> tuple[list[Sentence], str]:
    """Ask the writer for sentences with their citations, and say which model wrote them.

    Args:
        desk: What the run writes from.
        messages: The prompt.
        heard: Takes the words as they come; without it they come all at once.
    """
    request = ModelRequest(
        signals=Signals(
            role=desk.role or "generator",
            task_type="answering",
            latency=desk.run.latency,
            needs_schema=True,
            request=desk.brief.task.text,
            data_class=_data_class(desk),
        ),
        messages=messages,
        schema=prompts.ANSWER_SCHEMA,
        max_output_tokens=2048,
        stream=heard is not None,
    )
    told = heard or emitter(desk.runtime, node="synthesize")
    reply = await desk.dependencies.models.complete(request, run=desk.run, step="answer", emit=told)
    read = (sentence_of(item) for item in reply.data["sentences"])
    return [s for s in read if s is not None], f"{reply.model}@{reply.endpoint}"


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
            latency=desk.run.latency,
            needs_schema=True,
            data_class=_data_class(desk),
        ),
        messages=prompts.verify_messages(
            [(s.text, blocks_of(desk.evidence, s.cites)) for s in sentences],
            instructions=desk.brief.instructions,
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
        return replace(_divided(checked, verdicts, "the verifier found no support"), unverified=())
    # Nobody has judged what only meaning can decide, and it has been asked for: it has not passed.
    return without_unverified(checked, "only its meaning can be judged, and no verifier did")


def _divided(checked: CheckedSentences, passed: Sequence[bool], why: str) -> CheckedSentences:
    judged = list(zip(checked.kept, passed, strict=True))
    rejected = tuple(FailedSentence(text=s.text, reason=why) for s, ok in judged if not ok)
    kept = tuple(s for s, ok in judged if ok)
    return replace(checked, kept=kept, failed=checked.failed + rejected)


def _data_class(desk: Writing) -> tuple[str, ...]:
    return union([item.data_class for item in desk.evidence.values()])


def blocks_of(evidence: dict[str, Evidenced], ids: Sequence[str]) -> list[Block]:
    """Return evidence as a prompt shows it, each with its source."""
    return [
        Block(
            name=id_,
            text=f"{evidence[id_].evidence.source}\n{evidence[id_].text}",
            sources=(evidence[id_].evidence.source,)
            if evidence[id_].evidence.trust == "untrusted"
            else (),
        )
        for id_ in ids
        if id_ in evidence
    ]
