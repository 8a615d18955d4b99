"""Spoken: an answer as its reader sees it grow.

What is said has passed its check and is never taken back. On `stream_mode="messages"` the sentences
come as chunks of one message, so that a chat client needs nothing special; on `custom` each is an
event of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from langchain_core.messages import AIMessageChunk
from langgraph.graph.message import push_message
from langgraph.runtime import Runtime

from ..state.answer import Sentence
from ..state.answering import marked
from ..state.context import AgentContext
from .events import emit


@dataclass(kw_only=True)
class Spoken:
    """The sentences that have been said, in order."""

    message_id: str
    runtime: Runtime[AgentContext]
    sentences: list[Sentence] = field(default_factory=list[Sentence])
    _text: str = ""
    _numbers: dict[str, int] = field(default_factory=dict[str, int])

    def say(self, sentence: Sentence) -> None:
        """Say a verified sentence, unless it has been said."""
        if sentence in self.sentences:
            return
        self.sentences.append(sentence)
        text = marked(sentence, self._numbers)
        emit(self.runtime, "sentence", node="synthesize", text=text)
        self._push(f" {text}" if self._text else text)

    def end(self, text: str) -> None:
        """Say what remains of the whole text, which begins with what was said."""
        if not text.startswith(self._text):
            raise ValueError("What was said would be taken back.")
        self._push(text[len(self._text) :])

    def _push(self, piece: str) -> None:
        if piece:
            self._text += piece
            push_message(AIMessageChunk(content=piece, id=self.message_id), state_key=None)
