"""Heard: what has arrived of a reply, also of one that never came to its end."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata

from ...state.values import canonical_json
from ..failures.classes import RejectedReplyError

ROOM = 1_024
"""Bytes that any reply may say, whatever its output limit."""
BYTES_PER_TOKEN = 16
"""More bytes than a token of a reply has on average, in any language and in code."""
THINKING = ("thinking", "reasoning")
"""Fields of content blocks that hold thinking."""


@dataclass(kw_only=True)
class Heard:
    """What has arrived of a reply.

    A reply that goes far beyond its output limit is cut: the provider ignores the limit, and every
    further token may be billed.
    """

    limit: int = 1 << 20
    """Tokens that the reply may have, in all its choices."""
    started: float = field(default_factory=time.monotonic)
    first: float | None = None
    """Seconds until the first word."""
    whole: AIMessageChunk | None = None
    said: int = 0
    """Bytes of text, thinking and calls."""
    finish: str = ""
    """The last reason that a chunk gave for its end."""
    usages: list[UsageMetadata] = field(default_factory=list[UsageMetadata])

    def add(self, chunk: AIMessageChunk) -> None:
        """Take in the next part of a stream. Raises `RejectedReplyError` where it goes too far."""
        if self.first is None and (chunk.text or chunk.tool_call_chunks):
            self.first = time.monotonic() - self.started
        meta = chunk.response_metadata
        self.finish = str(meta.get("finish_reason") or self.finish)
        if chunk.usage_metadata is not None:
            self.usages.append(chunk.usage_metadata)
        self.whole = chunk if self.whole is None else self.whole + chunk
        self._count(spoken_bytes(chunk))

    def take(self, message: AIMessage) -> None:
        """Take in a reply that came as one. Raises `RejectedReplyError` where it goes too far."""
        if message.usage_metadata is not None:
            self.usages.append(message.usage_metadata)
        self._count(spoken_bytes(message))

    def usage(self) -> UsageMetadata | None:
        """Return the usage of the whole reply.

        Some servers report with each chunk what was used so far: the input then stands in several,
        and the last one counts, unless an earlier one knows of more: what was used is not given
        back, so none of them is believed. LangChain's own models report parts that add up.
        """
        reports = [usage for usage in self.usages if usage["input_tokens"] > 0]
        if len(reports) > 1:
            return reports[-1] if all(_grows(one, reports[-1]) for one in reports) else None
        if self.usages and self.whole is None:
            return self.usages[-1]
        return None if self.whole is None else self.whole.usage_metadata

    def _count(self, said: int) -> None:
        self.said += said
        if self.said > ROOM + self.limit * BYTES_PER_TOKEN:
            raise RejectedReplyError(
                "output_limit",
                f"the reply went far beyond its limit of {self.limit} tokens and was cut",
            )


def _grows(before: UsageMetadata, after: UsageMetadata) -> bool:
    return (
        before["input_tokens"] <= after["input_tokens"]
        and before["output_tokens"] <= after["output_tokens"]
    )


def spoken_bytes(message: AIMessage) -> int:
    """Return how many bytes a message says: text, thinking, calls and refusal."""
    said = [message.text, str(message.additional_kwargs.get("refusal") or "")]
    if isinstance(message.content, list):
        blocks = [block for block in message.content if isinstance(block, dict)]
        said += [
            str(block[name])
            for block in blocks
            for name in ("thinking", "reasoning")
            if name in block
        ]
    said.append(str(message.additional_kwargs.get("reasoning_content") or ""))
    if isinstance(message, AIMessageChunk):
        said += [str(call["args"] or "") for call in message.tool_call_chunks]
    else:
        said += [canonical_json(call["args"]) for call in message.tool_calls]
        said += [str(call["args"] or "") for call in message.invalid_tool_calls]
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in said)
