"""Raw text: data structures and paths of files, which are not words for a user."""

from __future__ import annotations

import re
from collections.abc import Iterator

_DATA = re.compile(
    r"^\s*(?:```\w*\s*)?[\[{]\s*(?:[\"'\[{\d]|\}|\])"
    r"|[{,]\s*[\"'][\w .-]{1,40}[\"']\s*:\s*[\"'\[{\d tfn-]"
    r"|</?(?:html|body|div|table|span|script|xml)\b"
    r"|^\s*\w+:\s?\{",
    re.IGNORECASE,
)
_PATH = re.compile(
    r"(?<![\w/:.@])(?:~|\.{1,2})?/(?:[\w.-]{1,60}/){0,12}[\w.-]{1,60}"
    r"|\b[A-Za-z]:\\[\w.\\-]{1,200}|\\\\\w[\w.\\-]{1,200}|\bfile://\S{1,200}"
)


def is_data(text: str) -> bool:
    """Return whether a sentence is JSON or markup, or holds some."""
    return bool(_DATA.search(text))


def paths(text: str) -> Iterator[str]:
    """Yield the paths of files that a text names; `and/or` and `24/7` are none."""
    for match in _PATH.finditer(text):
        yield match[0].rstrip(".,;:!?")
