"""Regular expressions of others, in an engine whose time is linear in the text (RE2)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import re2

MAX_PATTERN_CHARS = 1_000
MAX_PATTERN_BYTES_COMPILED = 1 << 20


class PatternRefusedError(ValueError):
    """A pattern that no linear-time engine can run, or that is no pattern."""


@functools.lru_cache(maxsize=1024)
def searcher(pattern: str) -> Callable[[str], bool]:
    """Return a function that says whether the pattern occurs in a text.

    Back-references and look-around are what makes other engines take exponential time; RE2 has
    neither, and needs no more than a pass over the text.

    Raises:
        PatternRefusedError: The message says what about the pattern cannot be taken.
    """
    if len(pattern) > MAX_PATTERN_CHARS:
        raise PatternRefusedError(f"A pattern has more than {MAX_PATTERN_CHARS} characters.")
    options: Any = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = MAX_PATTERN_BYTES_COMPILED
    try:
        compiled = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        raise PatternRefusedError(
            f"The pattern {pattern[:80]!r} cannot be matched in linear time: {_reason(error)}"
        ) from None

    def search(text: str) -> bool:
        # Half an emoji is no text that a pattern could describe.
        return compiled.search(text.encode(errors="replace").decode()) is not None

    return search


def _reason(error: Exception) -> str:
    said = error.args[0] if error.args else error
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
