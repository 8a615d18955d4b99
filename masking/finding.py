"""Finding: where in a text which kinds of data stand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .recognisers.recogniser import Recogniser

MANY_CHARACTERS = 20_000
"""A longer text is searched in a thread, so that it never holds up an event loop."""


@dataclass(frozen=True, order=True)
class Found:
    """One piece of data in a text."""

    start: int
    end: int
    kind: str


def find(
    text: str, recognisers: Sequence[Recogniser], kinds: Collection[str], *, field: str = ""
) -> list[Found]:
    """Return what stands in a text, in order; no two pieces overlap.

    What several kinds claim in part is one piece, of the kind whose claim is the longest: nothing
    that somebody has recognised is left over.

    Args:
        text: The text.
        recognisers: What to look with; of equal claims the first one counts.
        kinds: The kinds that are looked for.
        field: Name of the field in which the text stands, which tells what a bare number is.
    """
    if not text:
        return []
    before = f"{field.replace('_', ' ')}: ".encode(errors="replace") if field else b""
    data = before + text.encode("utf-8", "surrogatepass")
    present = frozenset(data)
    claims = [
        (max(start, len(before)), end, rank, recogniser.kind)
        for rank, recogniser in enumerate(recognisers)
        if recogniser.kind in kinds and recogniser.may_find(present)
        for start, end in recogniser.spans(data)
        if end > len(before)
    ]
    merged = _merged(claims)
    if len(data) == len(before) + len(text):
        return [Found(start - len(before), end - len(before), kind) for start, end, kind in merged]
    return _in_characters(data[len(before) :], len(before), merged)


def _merged(claims: list[tuple[int, int, int, str]]) -> list[tuple[int, int, str]]:
    merged: list[tuple[int, int, str]] = []
    longest = 0
    for start, end, _, kind in sorted(claims, key=lambda c: (c[0], c[0] - c[1], c[2])):
        if not merged or start >= merged[-1][1]:
            merged.append((start, end, kind))
            longest = end - start
            continue
        first, last, named = merged[-1]
        if end - start > longest:
            named, longest = kind, end - start
        merged[-1] = (first, max(last, end), named)
    return merged


def _in_characters(data: bytes, offset: int, spans: list[tuple[int, int, str]]) -> list[Found]:
    """Count characters instead of bytes, in one pass over the text."""
    found: list[Found] = []
    at, characters = 0, 0
    for start, end, kind in spans:
        begin = characters + _length(data[at : start - offset])
        characters = begin + _length(data[start - offset : end - offset])
        at = end - offset
        found.append(Found(begin, characters, kind))
    return found


def _length(data: bytes) -> int:
    return len(data.decode("utf-8", "surrogatepass"))
