"""Media turned into text, for a candidate that takes only text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage

from ...errors import EndpointError
from ...state.signatures import sniffed_type
from ...state.task import MODALITIES, TEXT, Modality
from .guards import declared_type
from .tokens import TEXT_BLOCKS, media_bytes

Converter = Callable[[bytes, str], Awaitable[str]]
"""Turns bytes of a media type into text: a transcription, a description, recognized text."""

MEDIA: tuple[Modality, ...] = tuple(kind for kind in MODALITIES if kind != TEXT)

Converters = Mapping[Modality, Converter]


async def media_to_text(
    messages: Sequence[BaseMessage], converters: Converters
) -> list[BaseMessage]:
    """Return the messages with every media block replaced by its text.

    Raises:
        EndpointError: A block has no inline data, or nothing converts its kind.
    """
    return [await _converted(message, converters) for message in messages]


async def _converted(message: BaseMessage, converters: Converters) -> BaseMessage:
    if isinstance(message.content, str):
        return message
    parts = [await _text_of(block, converters) for block in message.content]
    return message.model_copy(update={"content": "\n\n".join(parts)})


async def _text_of(block: Any, converters: Converters) -> str:
    if isinstance(block, str):
        return block
    if block.get("type") in TEXT_BLOCKS:
        return str(block.get("text", ""))
    modality = block_modality(block)
    data = media_bytes(block)
    converter = converters.get(modality)
    if converter is None or data is None:
        raise EndpointError(f"The {modality} cannot be turned into text.", failure="bad_request")
    media_type = declared_type(block) or sniffed_type(data)
    text = await converter(data, media_type)
    return f"[{modality} as text]\n{text}\n[end of {modality}]"


def block_modality(block: Mapping[str, Any]) -> Modality:
    """Return the modality of a content block: its type names it, or else its media type."""
    for told in (str(block.get("type", "")), declared_type(block).partition("/")[0]):
        for medium in MEDIA:
            if medium in told:
                return medium
    return TEXT
