"""How many tokens a prompt can be: an upper bound that needs no tokenizer.

The tokenizers of most models are not public, and those that are download their data on first use.
But each token of a byte-level or byte-fallback vocabulary covers at least one byte of the text, so
the UTF-8 length bounds the count from above for all of them; what a provider's chat template adds
is bounded by a constant per message. English text has about four bytes a token, so a reservation
made from the bound is about four times what is settled, and it never undercounts.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from ...state.values import Json, JsonObject, canonical_json

MESSAGE_OVERHEAD = 16
"""Tokens of a chat template around one message, role and separators included."""
PROMPT_OVERHEAD = 64
"""Tokens that a template puts around the conversation."""
TOOLS_OVERHEAD = 640
"""Tokens of the instructions that providers add when there are tools or a schema."""
BYTES_PER_TOKEN_ESTIMATE = 4
"""For estimates that need not be bounds: whether a prompt fits a context window."""

IMAGE_TOKENS: tuple[tuple[str, int], ...] = (
    (r"gpt-4o-mini", 2_833 + 8 * 5_667),
    (r"gpt-5|gpt-4\.1|o4-mini|o3", 3_779),
    (r"gpt-4|chatgpt|o1", 85 + 8 * 170),
    (r"claude", 4_784),
    (r"gemini", 4_128),
)
"""Most tokens that one image counts for, by model family, at the highest detail."""
IMAGE_TOKENS_UNKNOWN = 8_192

MEDIA_BYTES_PER_TOKEN = 40
"""Audio and video: compressed speech has at least this many bytes for each billed token."""

TEXT_BLOCKS = frozenset({"text", "text-plain", "reasoning", "thinking"})
IMAGE_BLOCKS = frozenset({"image", "image_url", "input_image"})


def image_bound(model: str, override: int | None = None) -> int:
    """Return the most tokens that one image counts for."""
    if override is not None:
        return override
    found = (tokens for pattern, tokens in IMAGE_TOKENS if re.search(pattern, model.lower()))
    return next(found, IMAGE_TOKENS_UNKNOWN)


def input_bound(
    messages: Sequence[BaseMessage],
    *,
    tools: Sequence[JsonObject] = (),
    schema: JsonObject | None = None,
    image_tokens: int = IMAGE_TOKENS_UNKNOWN,
) -> int:
    """Return the most input tokens that a request can be billed for.

    Args:
        messages: The conversation.
        tools: Function declarations sent along.
        schema: JSON Schema of the reply.
        image_tokens: Most tokens of one image at the model.
    """
    total = PROMPT_OVERHEAD
    for message in messages:
        total += MESSAGE_OVERHEAD + _content_bound(message.content, image_tokens)
        total += _bytes(message.name or "") + _bytes(getattr(message, "tool_call_id", "") or "")
        if isinstance(message, AIMessage) and message.tool_calls:
            total += _json_bound(message.tool_calls)
    if tools or schema is not None:
        total += TOOLS_OVERHEAD + _json_bound([*tools, schema])
    return total


def input_estimate(messages: Sequence[BaseMessage]) -> int:
    """Return about how many tokens a conversation has, for choosing a context window."""
    return input_bound(messages, image_tokens=4_096) // BYTES_PER_TOKEN_ESTIMATE


def _content_bound(content: Any, image_tokens: int) -> int:
    if isinstance(content, str):
        return _bytes(content)
    return sum(_block_bound(block, image_tokens) for block in content)


def _block_bound(block: Any, image_tokens: int) -> int:
    if isinstance(block, str):
        return _bytes(block)
    kind = block.get("type", "")
    if kind in TEXT_BLOCKS:
        return _bytes(str(block.get("text") or block.get("reasoning") or "")) + 8
    if kind in IMAGE_BLOCKS:
        return image_tokens
    return _media_bound(block)


def _media_bound(block: Mapping[str, Any]) -> int:
    data = media_data(block)
    if data is None:
        return _json_bound(block)
    return len(data) * 3 // 4 // MEDIA_BYTES_PER_TOKEN + 256


def media_data(block: Mapping[str, Any]) -> str | None:
    """Return the base64 data of a media block, or `None` if it has none inline."""
    for part in (block, block.get("input_audio"), block.get("file"), block.get("image_url")):
        if not isinstance(part, Mapping):
            continue
        for field in ("base64", "data", "file_data", "url"):
            value = part.get(field)
            if isinstance(value, str) and value.startswith("data:"):
                return value.partition(",")[2]
            if isinstance(value, str) and field != "url":
                return value
    return None


def media_bytes(block: Mapping[str, Any]) -> bytes | None:
    """Return the bytes of a media block, or `None` if it has none inline.

    Raises:
        ValueError: The data is not base64.
    """
    data = media_data(block)
    return None if data is None else base64.b64decode(data, validate=True)


def _json_bound(value: Json) -> int:
    return _bytes(canonical_json(value))


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
