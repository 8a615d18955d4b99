"""Prompts and replies as the payload store keeps them: plain JSON, media by digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from ...state.values import Json, JsonObject
from .tokens import TEXT_BLOCKS, media_data


def transcript(messages: Sequence[BaseMessage]) -> list[JsonObject]:
    """Return messages as `{"role", "content", …}`, with media replaced by their digest."""
    return [_message(message) for message in messages]


def _message(message: BaseMessage) -> JsonObject:
    entry: JsonObject = {"role": message.type, "content": _content(message.content)}
    if isinstance(message, AIMessage) and message.tool_calls:
        entry["tool_calls"] = [
            {"id": c["id"], "name": c["name"], "args": c["args"]} for c in message.tool_calls
        ]
    if isinstance(message, ToolMessage):
        entry["tool_call_id"] = message.tool_call_id
    return entry


def _content(content: str | list[Any]) -> Json:
    if isinstance(content, str):
        return content
    return [_block(block) for block in content]


def _block(block: Any) -> Json:
    if not isinstance(block, Mapping) or block.get("type") in TEXT_BLOCKS:
        return block
    data = media_data(block)
    if data is None:
        return dict(block)
    digest = hashlib.sha256(data.encode()).hexdigest()
    return {"type": block.get("type"), "sha256": digest, "base64_characters": len(data)}


def prompt_text(entries: Json) -> str:
    """Return the text of a stored prompt's last human message, for learning."""
    for entry in reversed(entries or []):
        content = entry.get("content") if entry.get("role") == "human" else None
        if isinstance(content, str):
            return content
        if isinstance(content, list):
            return "\n".join(str(b.get("text", "")) for b in content if isinstance(b, Mapping))
    return ""
