"""Keeping credentials out of what a tool or a provider returns and says.

A secret seldom comes back as it was given: an error quotes the header it was in, with its line end
escaped; a URL has it percent-encoded; basic authentication has it in base64, behind a user's name
and at any of three alignments. All these are found and replaced.
"""

from __future__ import annotations

import base64
import html
import re
import string
from collections.abc import Iterable

MASK = "[credential]"
_SHORTEST = 4
_SHORTEST_LINE = 12
"""Shorter lines of a key in several lines, such as a PEM's first one, say nothing."""
_SHORTEST_ENCODED = 8
"""Characters of base64 that are still no accident."""

_BASE64 = frozenset(string.ascii_letters + string.digits + "+/-_=")

_SLASHES = r"(?<!\\)\\{1,16}"
"""What stands before an escaped character; text that is quoted again doubles it. A search tries a
run of backslashes once, from its beginning."""
_REST = r"\\{0,16}"
"""The same behind a backslash of the value's own, which may have taken it."""
_LETTERS = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
"""The characters that JSON and Python escape by a letter."""


class Redaction:
    """Replaces secrets in text, in each form in which they usually stand there.

    Values of fewer than four characters are let pass: they would occur everywhere.

    Args:
        secrets: The values.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        values = {part for secret in secrets for part in _parts(secret)}
        # The longest first, so that a value inside another does not leave the rest behind.
        ordered = sorted(values, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_pattern, ordered))) if ordered else None
        self._cores = sorted({c for value in values for c in _cores(value)}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return the text without the values."""
        if self._pattern is None:
            return text
        for core in self._cores:
            text = _without_token(text, core)
        return self._pattern.sub(MASK, text)

    def __bool__(self) -> bool:
        return self._pattern is not None

    def __repr__(self) -> str:
        return f"Redaction({'some' if self else 'no'} values)"


def _parts(secret: str) -> Iterable[str]:
    """Return what is left of a secret when it is trimmed, and its lines."""
    lines = [line.strip() for line in secret.splitlines() if len(line) >= _SHORTEST_LINE]
    return (part for part in (secret.strip(), *lines) if len(part) >= _SHORTEST)


def _pattern(value: str) -> str:
    """Return a pattern for a value with each character escaped in any of the usual ways.

    No part of it can match nothing or in two ways, so a search takes a time that grows with the
    text alone.
    """
    hexadecimal = value.encode("utf-8", "surrogatepass").hex()
    # Backslashes in a row are one part: each may have been doubled, and their ends are not seen.
    runs = re.findall(r"\\+|[^\\]", value, re.DOTALL)
    before = ["", *runs]
    parts = [
        _character(part, _REST if last.startswith("\\") else _SLASHES)
        for part, last in zip(runs, before, strict=False)
    ]
    # Most places of a text are told apart by one character; without, a megabyte takes a second.
    first = re.escape(value[0] + hexadecimal[0] + hexadecimal[0].upper() + "+")
    return rf"(?=[{first}%&\\])(?:{''.join(parts)}|(?i:{hexadecimal}))"


def _character(character: str, slashes: str) -> str:
    """Return a pattern for a character, or for backslashes in a row.

    Args:
        character: One character, or backslashes.
        slashes: What its escapes begin with.
    """
    if character.startswith("\\"):
        many = len(character)
        return rf"(?:\\{{{many},{16 * many}}}|(?i:%5c|{_SLASHES}x5c){{{many}}})"
    data = character.encode("utf-8", "surrogatepass")
    units = character.encode("utf-16-be", "surrogatepass").hex()
    code = ord(character)
    forms = [
        _plain(character, slashes),
        # %2F of a URL; \xe4 of Python, also byte by byte; \u00e4 of JSON; &#228; of HTML.
        f"(?i:{''.join(f'%{byte:02x}' for byte in data)})",
        f"(?i:{''.join(f'{slashes}x{byte:02x}' for byte in data)})",
        f"(?i:{''.join(f'{slashes}u{units[at : at + 4]}' for at in range(0, len(units), 4))})",
        f"(?i:&#(?:{code}|x0*{code:x});)",
    ]
    if len(data) > 1:
        forms += [f"(?i:{slashes}x{code:02x})", f"(?i:{slashes}U{code:08x})"]
    if letter := _LETTERS.get(character):
        forms.append(f"{slashes}{letter}")
    if (named := html.escape(character)) != character:
        forms.append(re.escape(named))
    if character == "\n":
        # As a protocol ends its lines, and as a message that is put on one line does.
        forms += [r"\r\n", f"{slashes}r{slashes}n", "(?i:%0d%0a)", " "]
    if character == " ":
        forms.append(re.escape("+"))
    return f"(?:{'|'.join(forms)})"


def _plain(character: str, slashes: str) -> str:
    # Quotes are escaped by some, and slashes by JSON that goes into a page.
    before = f"(?:{slashes})?" if character in "\"'/" else ""
    return before + re.escape(character)


def _cores(value: str) -> set[str]:
    """Return what base64 makes of a value whatever stands before and behind it."""
    data = value.encode("utf-8", "surrogatepass")
    cores: set[str] = set()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data).decode()
        # The characters that a neighbour has bits in are not known.
        first, last = (0, 2, 3)[before], (before + len(data)) * 8 // 6
        core = encoded[first:last]
        if len(core) >= _SHORTEST_ENCODED:
            cores |= {core, core.replace("+", "-").replace("/", "_")}
    return cores


def _without_token(text: str, core: str) -> str:
    """Replace what holds a piece of base64, as far as it is base64: the rest of a secret is there.

    By hand, because a regular expression would look again from each character of a long text.
    """
    kept: list[str] = []
    at = 0
    while (found := text.find(core, at)) >= 0:
        start, end = found, found + len(core)
        while start > at and text[start - 1] in _BASE64:
            start -= 1
        while end < len(text) and text[end] in _BASE64:
            end += 1
        kept += [text[at:start], MASK]
        at = end
    return "".join([*kept, text[at:]]) if kept else text
