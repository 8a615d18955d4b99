"""Traffic: what went to models and came back, counted alike for every agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import BaseMessage
from langchain_core.outputs import LLMResult

from ...state.values import canonical_json

_DESCRIBING = ("tools", "functions", "response_format")
"""Fields of a request, besides its messages, that a model reads."""


@dataclass(kw_only=True, eq=False)
class Traffic(AsyncCallbackHandler):
    """Counts model calls, and the characters that they read and wrote.

    Characters compare agents at any endpoint; tokens depend on who counts them. Read are the
    messages' text with the calls in them, the tools' descriptions and the reply's schema; written
    are text and the arguments of calls.
    """

    calls: int = 0
    read: int = 0
    written: int = 0

    # A counter that fails must not leave a run miscounted in silence.
    raise_error = True

    async def on_chat_model_start(
        self, serialized: dict[str, Any], messages: list[list[BaseMessage]], **kwargs: Any
    ) -> None:
        """Count what is asked."""
        del serialized
        self.calls += len(messages)
        self.read += sum(_size(message) for batch in messages for message in batch)
        given: dict[str, Any] = kwargs.get("invocation_params", {})
        parameters = {**given, **(given.get("extra_body") or {})}
        described = {name: parameters[name] for name in _DESCRIBING if parameters.get(name)}
        self.read += sum(len(canonical_json(part)) for part in described.values())

    async def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        """Count what is answered."""
        del kwargs
        for generation in (g for batch in response.generations for g in batch):
            message = getattr(generation, "message", None)
            self.written += _size(message) if message is not None else len(generation.text)


def _size(message: BaseMessage) -> int:
    calls = getattr(message, "tool_calls", ())
    return len(message.text) + sum(len(c["name"]) + len(canonical_json(c["args"])) for c in calls)
