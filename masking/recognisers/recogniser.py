"""Recogniser: one kind of data, by a pattern in linear time and by rules that a pattern has not.

Patterns run on UTF-8 bytes in RE2, which has no look-around; what may stand before and behind is
checked afterwards.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import re2

ByteSpan = tuple[int, int]
"""Where something begins and ends, in bytes."""

Narrow = Callable[[bytes, ByteSpan], Iterator[ByteSpan]]
"""Given the data and where the pattern was found: the parts that are of the kind."""

DIGITS = b"0123456789"
_WORD = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")


@functools.lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """Compile a pattern, when it is first used."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern.encode(), options)


@dataclass(frozen=True, kw_only=True)
class Recogniser:
    """One way in which one kind of data is written."""

    kind: str
    pattern: str
    """Where it has a group, that is what is meant and the rest is what it stands beside."""
    needs: bytes = b""
    """One of these bytes is in every text that it finds; empty: any may do."""
    whole: bool = True
    """Whether it stands apart: no letter, digit or underscore before or behind."""
    narrow: Narrow | None = None
    """What a pattern cannot say: check digits, lengths, ranges."""

    def may_find(self, present: frozenset[int]) -> bool:
        """Say whether a text that has these bytes and no others can hold the kind."""
        return not self.needs or not present.isdisjoint(self.needs)

    def spans(self, data: bytes) -> Iterator[ByteSpan]:
        """Yield where the kind is found."""
        regex = compiled(self.pattern)
        group = 1 if regex.groups else 0
        for found in regex.finditer(data):
            span = found.span(group)
            if span[0] < 0 or (self.whole and not stands_apart(data, span)):
                continue
            yield from self.narrow(data, span) if self.narrow else (span,)


def stands_apart(data: bytes, span: ByteSpan) -> bool:
    """Say whether no word goes on before or behind."""
    start, end = span
    before = start > 0 and data[start - 1] in _WORD and data[start] in _WORD
    behind = end < len(data) and data[end] in _WORD and data[end - 1] in _WORD
    return not (before or behind)


def if_true(check: Callable[[str], bool]) -> Narrow:
    """Return a rule that takes all or nothing, by what stands there."""

    def narrow(data: bytes, span: ByteSpan) -> Iterator[ByteSpan]:
        if check(data[span[0] : span[1]].decode(errors="replace")):
            yield span

    return narrow


def digits_of(text: str) -> str:
    """Return the digits alone."""
    return "".join(character for character in text if "0" <= character <= "9")
