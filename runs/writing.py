"""Writing: what an answer is written from and checked against, and how a model is asked for it."""

from __future__ import annotations

from collections.abc import Sequence
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
from ..state.relevance import sentences
from ..state.run import Run
from . import prompts
from .calls import AcceptedCall
from .checking import CheckedSentences, check_sentences
from .credited import credited
from .dependencies import Dependencies
from .events import emitter
from .sentence_reader import sentence_of
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
    data_class: tuple[str, ...]
    """Classes of the data that flowed into any of it."""
    keep_unverified: bool
    heard: frozenset[str] = frozenset()
    """Sentences that the user has heard of this run before: none is said twice."""
    spoken: Spoken
    runtime: Runtime[AgentContext]
    dependencies: Dependencies

    async def check(self, written: Sequence[Sentence], *, quotes: bool = False) -> CheckedSentences:
        """Check sentences by the rules; what the user has heard already is left out."""
        judged, new = self.keep_unverified or self.has_verifier, self.unheard(written)
        return await check_sentences(new, self.ground, keep_unverified=judged, quotes=quotes)

    def unheard(self, written: Sequence[Sentence]) -> list[Sentence]:
        """Return the sentences that say something new."""
        return [s for s in written if not self.heard.issuperset(sentences(s.text) or [s.text])]

    def as_seen(self) -> Writing:
        """Return this for words of the writer, who counts and adds up only what it was shown."""
        blocks = self.brief.evidence
        cut = {block.name for block in blocks if block.missing_at(prompts.ANSWER_CHARACTERS)}
        return replace(self, ground=self.ground.seen_in_part(cut))

    def say(self, checked: CheckedSentences) -> CheckedSentences:
        """Say what has passed, citing the deeds that it tells of."""
        checked = checked.with_kept(credited(checked.kept, self.effects, self.evidence))
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


async def ask(
    desk: Writing, messages: list[BaseMessage], heard: Emit | None
) -> tuple[list[Sentence], str]:
    """Ask the writer for sentences with their citations, and say which model wrote them.

    Args:
        desk: What the answer is written from.
        messages: The prompt.
        heard: Takes the words as they come; without it they come all at once.
    """
    request = ModelRequest(
        signals=Signals(
            role=desk.role or "generator",
            task_type="answering",
            needs_schema=True,
            request=desk.brief.task.text,
            data_class=desk.data_class,
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


def blocks_of(evidence: dict[str, Evidenced], ids: Sequence[str]) -> list[Block]:
    """Return evidence as a prompt shows it, each with what untrusted sources it comes from."""
    return [
        Block(
            name=id_,
            text=f"{evidence[id_].evidence.source}\n{evidence[id_].text}",
            sources=_sources(evidence[id_]),
        )
        for id_ in ids
        if id_ in evidence
    ]


def _sources(item: Evidenced) -> tuple[str, ...]:
    """Return the untrusted sources of evidence: a trusted tool may repeat what it was given."""
    untrusted = item.evidence.trust == "untrusted"
    return item.taint or ((item.evidence.source,) if untrusted else ())
