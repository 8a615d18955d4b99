"""Blocks: the typed, delimited, source-labelled form in which data reaches a model.

Data never stands in the instructions. Each value is one block that names its source; the fence
holds a token derived from the content, so that the content cannot close its own block.
"""

from __future__ import annotations

import hashlib

from ..state.values import Record


class Block(Record):
    """One piece of data for a model, with where it comes from."""

    name: str
    text: str
    sources: tuple[str, ...] = ()
    """Untrusted sources; empty for data of ours or of the user."""


def render(block: Block, *, max_characters: int = 20_000) -> str:
    """Write a block between fences that its content cannot forge."""
    text = block.text[:max_characters]
    fence = hashlib.sha256(f"{block.name}\n{text}".encode()).hexdigest()[:12]
    trust = f"untrusted: {', '.join(block.sources)}" if block.sources else "ours"
    return f"<data {fence} name={block.name!r} source={trust!r}>\n{text}\n</data {fence}>"
