"""Blocks: the typed, delimited, source-labelled form in which data reaches a model.

Data never stands in the instructions. Each value is one block that names its source; its tags
hold a token derived from the content, so that the content cannot close its own block.
"""

from __future__ import annotations

import base64
import hashlib
import itertools

from ..state.instances import step_of
from ..state.task import Modality
from ..state.values import JsonObject, Record

MAX_CHARACTERS = 20_000
"""Of one block, unless a prompt has less room for it."""

MISSING = (
    "[Cut: {missing:,} of {whole:,} characters of {name!r} are missing here. Do not count, total, "
    "compare or rule anything out over what is shown. {rest}]"
)
HOW_TO_GET_THE_REST = (
    "To get the rest, refer to a part of it by its path, or ask its tool for less at a time."
)

_OF_TOOLS = "tool:"
_OF_FILES = "file:"
_DIGITS = 12
"""Of a tag's token: few enough not to cost tokens, and never those that the content holds."""


def with_instructions(system: str, instructions: str) -> str:
    """Add to a prompt's rules what the agent's operator wants kept to, if anything."""
    return f"{system}\n\nKeep to these instructions:\n{instructions}" if instructions else system


class Block(Record):
    """One piece of data for a model, with where it comes from."""

    name: str
    text: str
    sources: tuple[str, ...] = ()
    """Untrusted sources; empty for data of ours or of the user."""
    missing: int = 0
    """Characters that `text` lacks already: it is the beginning of something longer."""

    def missing_at(self, max_characters: int = MAX_CHARACTERS) -> int:
        """Return how many characters a model does not see where that many are shown."""
        return self.missing + max(0, len(self.text) - max_characters)


def render(block: Block, *, max_characters: int = MAX_CHARACTERS) -> str:
    """Write a block between tags that its content cannot forge.

    What does not fit is cut, and a mark behind it says how much is missing.
    """
    text = block.text[:max_characters]
    sources = dict.fromkeys(map(_shown_source, block.sources))
    trust = f"untrusted: {', '.join(sources)}" if sources else "ours"
    token = _token(f"{block.name}\n{trust}\n{text}")
    written = f"<data {token} name={block.name!r} source={trust!r}>\n{text}\n</data {token}>"
    missing = block.missing_at(max_characters)
    if not missing:
        return written
    mark = MISSING.format(
        missing=missing,
        whole=len(block.text) + block.missing,
        name=block.name,
        rest=HOW_TO_GET_THE_REST,
    )
    return f"{written}\n{mark}"


def _shown_source(source: str) -> str:
    """Return a source as a tag names it: no outsider's text may stand there."""
    if source.startswith(_OF_FILES):
        return _OF_FILES.removesuffix(":")
    # Which item of a loop a source was read for tells a model nothing, and there may be hundreds.
    return step_of(source) if source.startswith(_OF_TOOLS) else source


def _token(text: str) -> str:
    """Return digits that stand nowhere in a text, always the same ones."""
    # Whoever has time can search for a text that holds its own digest, if that is this short.
    tries = (text if number == 0 else f"{number}\n{text}" for number in itertools.count())
    tokens = (hashlib.sha256(each.encode()).hexdigest()[:_DIGITS] for each in tries)
    return next(token for token in tokens if token not in text)


def media_block(modality: Modality, data: bytes, media_type: str) -> JsonObject:
    """Return media as a content block of a message, in LangChain's standard form."""
    encoded = base64.b64encode(data).decode()
    return {"type": modality, "base64": encoded, "mime_type": media_type}
