"""Keeping a conversation valid for whichever provider comes next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

PROVIDER_BLOCKS = frozenset(
    {"reasoning", "thinking", "redacted_thinking", "refusal", "non_standard", "tool_use"}
)
"""Blocks that only the provider that wrote them accepts back."""


def portable(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return a conversation that every provider accepts.

    System messages become one and come first. Provider-specific fields and thinking blocks are
    dropped.
    """
    system = [m for m in messages if isinstance(m, SystemMessage)]
    rest = [_plain(m) for m in messages if not isinstance(m, SystemMessage)]
    if not system:
        return rest
    return [SystemMessage(content="\n\n".join(m.text for m in system)), *rest]


def _plain(message: BaseMessage) -> BaseMessage:
    if isinstance(message, AIMessage):
        return AIMessage(content=_content(message.content))
    return HumanMessage(content=message.content)


def _content(content: str | list[Any]) -> str | list[Any]:
    if isinstance(content, str):
        return content
    kept = [b for b in content if isinstance(b, str) or b.get("type") not in PROVIDER_BLOCKS]
    if all(isinstance(b, str) or b.get("type") == "text" for b in kept):
        return "".join(b if isinstance(b, str) else str(b.get("text", "")) for b in kept)
    return kept
