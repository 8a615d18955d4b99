"""Keeping a conversation valid for whichever provider comes next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

PROVIDER_BLOCKS = frozenset(
    {"reasoning", "thinking", "redacted_thinking", "refusal", "non_standard", "tool_use"}
)
"""Blocks that only the provider that wrote them accepts back; tool calls are kept apart."""


def portable(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return a conversation that every provider accepts.

    System messages become one and come first. Provider-specific fields and thinking blocks are
    dropped. Every tool call has a unique id and exactly one result; results without a call become
    plain text.
    """
    system = [m for m in messages if isinstance(m, SystemMessage)]
    rest = _paired([m for m in messages if not isinstance(m, SystemMessage)])
    if not system:
        return rest
    return [SystemMessage(content="\n\n".join(m.text for m in system)), *rest]


def _paired(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    result: list[BaseMessage] = []
    waiting: dict[str, list[str]] = {}
    count = 0
    for message in messages:
        if isinstance(message, ToolMessage):
            ids = waiting.get(message.tool_call_id)
            result.append(_tool_result(message, ids.pop(0)) if ids else _as_text(message))
            continue
        if any(waiting.values()):
            result += _unanswered(waiting)
        waiting = {}
        if isinstance(message, AIMessage):
            clean, waiting = _assistant(message, count)
            count += len(message.tool_calls)
            result.append(clean)
        else:
            result.append(HumanMessage(content=message.content))
    return result + _unanswered(waiting)


def _assistant(message: AIMessage, count: int) -> tuple[AIMessage, dict[str, list[str]]]:
    calls: list[dict[str, Any]] = []
    waiting: dict[str, list[str]] = {}
    for number, call in enumerate(message.tool_calls, start=count):
        new = f"call_{number}"
        waiting.setdefault(call["id"] or new, []).append(new)
        calls.append({**call, "id": new})
    return AIMessage(content=_content(message.content), tool_calls=calls), waiting


def _content(content: str | list[Any]) -> str | list[Any]:
    if isinstance(content, str):
        return content
    kept = [b for b in content if isinstance(b, str) or b.get("type") not in PROVIDER_BLOCKS]
    if all(isinstance(b, str) or b.get("type") == "text" for b in kept):
        return "".join(b if isinstance(b, str) else str(b.get("text", "")) for b in kept)
    return kept


def _tool_result(message: ToolMessage, call_id: str) -> ToolMessage:
    return ToolMessage(content=message.content, tool_call_id=call_id, status=message.status)


def _as_text(message: ToolMessage) -> HumanMessage:
    return HumanMessage(content=f"Result of {message.name or 'a tool'}: {message.text}")


def _unanswered(waiting: dict[str, list[str]]) -> list[BaseMessage]:
    return [
        ToolMessage(content="No result.", tool_call_id=call_id, status="error")
        for ids in waiting.values()
        for call_id in ids
    ]
