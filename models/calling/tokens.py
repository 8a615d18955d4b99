"""How many tokens a prompt can be: an upper bound that needs no tokenizer, and what to expect.

The tokenizers of most models are not public, and those that are download their data on first use.
But each token of a byte-level or byte-fallback vocabulary covers at least one byte of the text as
the tokenizer sees it, so the UTF-8 length bounds the count from above for all of them. A tokenizer
that normalises may see more than was written, so a character counts as the longest of its forms.
What a provider's chat template adds is bounded by a constant per message. English has about four
bytes a token; `ratios` learns how much of the bound a model needs for prose.
"""

from __future__ import annotations

import base64
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from unicodedata import normalize

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage

from ...state.values import Json, JsonObject, canonical_json
from ..requests import BYTES_PER_TOKEN_ESTIMATE

MESSAGE_OVERHEAD = 16
"""Tokens of a chat template around one message, role and separators included."""
PROMPT_OVERHEAD = 64
"""Tokens that a template puts around the conversation."""
TOOLS_OVERHEAD = 640
"""Tokens of the instructions that providers add when there is a schema or a forced call."""

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

PROSE = re.compile(r"(?: |(?<![\w+/=]))[A-Za-z]?[a-z]{1,19}(?![\w+/=])")
"""A word as tokenizers learn them, with the space before it; no part of an identifier or a code."""
SPACES = re.compile(r"\s{2,}")

TEXT_BLOCKS = frozenset({"text", "text-plain", "reasoning", "thinking"})
IMAGE_BLOCKS = frozenset({"image", "image_url", "input_image"})


def image_bound(model: str, override: int | None = None) -> int:
    """Return the most tokens that one image counts for."""
    if override is not None:
        return override
    found = (tokens for pattern, tokens in IMAGE_TOKENS if re.search(pattern, model.lower()))
    return next(found, IMAGE_TOKENS_UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What a prompt weighs, in bytes of text and tokens of the rest."""

    prose: int = 0
    """Bytes of words in lower case and the spaces before them."""
    dense: int = 0
    """Bytes of all other text: digits, marks, capitals, other scripts."""
    spaces: int = 0
    """Of the dense bytes, those that are white space; any number of them may be one token."""
    fixed: int = 0
    """Tokens of templates and media."""
    media: bool = False

    def __add__(self, other: Weight) -> Weight:
        return Weight(
            prose=self.prose + other.prose,
            dense=self.dense + other.dense,
            spaces=self.spaces + other.spaces,
            fixed=self.fixed + other.fixed,
            media=self.media or other.media,
        )

    @property
    def bound(self) -> int:
        """Tokens that it can be at most."""
        return self.prose + self.dense + self.fixed

    @property
    def text(self) -> int:
        """Bytes of text, runs of white space aside."""
        return self.prose + self.dense - self.spaces

    def expected(self, ratio: float) -> int:
        """Return the tokens to expect where a byte of prose is `ratio` tokens."""
        return math.ceil(self.prose * ratio) + self.dense + self.fixed


def weigh(
    messages: Sequence[BaseMessage],
    *,
    schema: JsonObject | None = None,
    image_tokens: int = IMAGE_TOKENS_UNKNOWN,
) -> Weight:
    """Weigh a request.

    Args:
        messages: The conversation.
        schema: JSON Schema of the reply.
        image_tokens: Most tokens of one image at the model.
    """
    total = Weight(fixed=PROMPT_OVERHEAD)
    for message in messages:
        total += Weight(fixed=MESSAGE_OVERHEAD)
        if isinstance(message, SystemMessage) and isinstance(message.content, str):
            total += _repeated(message.content)
        else:
            total += _content(message.content, image_tokens)
        total += _text(message.name or "") + _text(getattr(message, "tool_call_id", "") or "")
        if isinstance(message, AIMessage) and message.tool_calls:
            total += _json(message.tool_calls)
    if schema is not None:
        total += Weight(fixed=TOOLS_OVERHEAD) + _repeated(canonical_json([schema]))
    return total


def input_bound(
    messages: Sequence[BaseMessage],
    *,
    schema: JsonObject | None = None,
    image_tokens: int = IMAGE_TOKENS_UNKNOWN,
) -> int:
    """Return the most input tokens that a request can be billed for; arguments as of `weigh`."""
    return weigh(messages, schema=schema, image_tokens=image_tokens).bound


def input_estimate(messages: Sequence[BaseMessage]) -> int:
    """Return about how many tokens a conversation has, for choosing a context window."""
    return input_bound(messages, image_tokens=4_096) // BYTES_PER_TOKEN_ESTIMATE


def _content(content: Any, image_tokens: int) -> Weight:
    if isinstance(content, str):
        return _text(content)
    return sum((_block(block, image_tokens) for block in content), start=Weight())


def _block(block: Any, image_tokens: int) -> Weight:
    if isinstance(block, str):
        return _text(block)
    kind = block.get("type", "")
    if kind in TEXT_BLOCKS:
        said = str(block.get("text") or block.get("reasoning") or block.get("thinking") or "")
        return _text(said) + Weight(fixed=8)
    if kind in IMAGE_BLOCKS:
        return Weight(fixed=image_tokens, media=True)
    data = media_data(block)
    if data is None:
        return _json(block)
    return Weight(fixed=len(data) * 3 // 4 // MEDIA_BYTES_PER_TOKEN + 256, media=True)


def _json(value: Json) -> Weight:
    return _text(canonical_json(value))


def _text(text: str) -> Weight:
    prose = sum(found.end() - found.start() for found in PROSE.finditer(text))
    spaces = sum(found.end() - found.start() for found in SPACES.finditer(text))
    return Weight(prose=prose, dense=_bytes(text) - prose, spaces=spaces)


@lru_cache(maxsize=64)
def _repeated(text: str) -> Weight:
    """Weigh what is the same in many requests: our own prompts and schemas, never a person's."""
    return _text(text)


def _bytes(text: str) -> int:
    if text.isascii():
        return len(text)
    counts = Counter(text)
    return sum(number * _width(char) for char, number in counts.items())


_NORMAL_FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")


@lru_cache(maxsize=65_536)
def _width(char: str) -> int:
    """Return the most bytes that a character has in any form that tokenizers bring text into."""
    forms = (char, char.lower(), char.casefold())
    return max(
        len(seen.encode("utf-8", "surrogatepass"))
        for form in forms
        for seen in (form, *(normalize(kind, form) for kind in _NORMAL_FORMS))
    )


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
