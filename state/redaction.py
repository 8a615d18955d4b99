"""Keeping credentials out of what a tool or a provider returns and says.

A secret seldom comes back as it was given: an error quotes the header it was in, with its line end
escaped or in capitals; a URL has it percent-encoded; basic authentication has it in base64, behind
a user's name and at any of three alignments; a dump shows its bytes as numbers, in one encoding or
another; a page or a mail breaks its line. All these are found and replaced, and so are the parts
of a credential that are secret by themselves (`secret_parts.py`).
"""

from __future__ import annotations

import base64
import html
import re
import string
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from .secret_parts import parts_of

MASK = "[credential]"
_SHORTEST = 4
_SHORTEST_LINE = 12
"""Shorter lines of a key in several lines, such as a PEM's first one, say nothing."""
_SHORTEST_ENCODED = 8
"""Characters of base64 that are still no accident."""
_SHORTEST_ALTERED = 8
"""Characters of a value that is found in capitals, over line ends and as numbers too."""

_LONGEST_FORM = 36
"""Characters that one of a value is written with, at most, masks of its parts included."""
_LONGEST_REACH = 16_384
"""The same of any value, however long: the lines of a longer one are masked alone."""
_PIECE = 32_768
"""Characters that are searched at once: an expression lets no other thread run meanwhile."""

_BASE64 = frozenset(string.ascii_letters + string.digits + "+/-_=")

_SLASHES = r"(?<!\\)\\{1,16}"
"""What stands before an escaped character; text that is quoted again doubles it. A search tries a
run of backslashes once, from its beginning."""
_REST = r"\\{0,16}"
"""The same behind a backslash of the value's own, which may have taken it."""
_LETTERS = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
"""The characters that JSON and Python escape by a letter."""

_LINE_END = rf"(?:\r\n?|\n|{_SLASHES}(?:r{_SLASHES})?n)[ \t]{{0,16}}"
_UNSEEN = re.compile(
    rf"(?:\\?{_LINE_END}|[\0\u00ad\u200b-\u200d\u2060\ufeff]|{_SLASHES}(?:x00|u0000)"
    r"|\x1b\[[0-9;]{0,16}m|<wbr ?/?>)+"
)
"""What text is wrapped with, or coloured; and what every other byte of UTF-16 is."""
_BETWEEN_BYTES = re.compile(
    rf"(?<=[0-9A-Fa-f])(?:[:, -]{{1,2}}(?:0x|\\x)?|\\?{_LINE_END})(?=[0-9A-Fa-f]{{2}})"
)
"""What stands between the bytes of a dump."""


Span = tuple[int, int]


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
        altered = [value for value in ordered if len(value) >= _SHORTEST_ALTERED]
        # A value may hold itself what looks like an escaped line end: in capitals it is none.
        forms = {form for value in altered for form in (value, _UNSEEN.sub("", value))}
        self._plain = [re.compile(re.escape(form), re.IGNORECASE) for form in sorted(forms) if form]
        self._hexadecimal = [digits for value in altered for digits in _hexadecimal(value)]
        longest = len(ordered[0]) if ordered else 0
        self._reach = min(longest * _LONGEST_FORM, _LONGEST_REACH)

    def __call__(self, text: str) -> str:
        """Return the text without the values."""
        if self._pattern is None:
            return text
        text = _masked(text, (span for core in self._cores for span in _tokens(text, core)))
        seen = _Without(text, _UNSEEN)
        broken = (span for core in self._cores for span in _tokens(seen.text, core))
        altered = (span for value in self._plain for span in self._spans(value, seen.text))
        as_is = (span for value in self._plain for span in self._spans(value, text))
        text = _masked(text, [*map(seen.place, [*broken, *altered]), *as_is])
        dump = _Without(text, _BETWEEN_BYTES)
        text = _masked(text, map(dump.place, _all_of(dump.text.lower(), self._hexadecimal)))
        return _masked(text, self._spans(self._pattern, text))

    def beginning(self, text: str, limit: int) -> str:
        """Return so many characters of the text without the values, and read not much more.

        What is behind them is left out as far as a value might have been cut in two there.
        """
        window = limit + 2 * self._reach
        if len(text) <= window:
            return self(text)[:limit]
        masked = self(text[:window])
        return masked[: max(0, min(limit, len(masked) - self._reach))]

    def _spans(self, pattern: re.Pattern[str], text: str) -> Iterator[Span]:
        """Yield where a pattern is found, piece by piece."""
        at = 0
        while at < len(text):
            end = at + _PIECE
            for found in pattern.finditer(text, at, end + self._reach):
                if found.start() >= end:
                    break
                yield found.span()
                at = found.end()
            at = max(at, end)

    def __bool__(self) -> bool:
        return self._pattern is not None

    def __repr__(self) -> str:
        return f"Redaction({'some' if self else 'no'} values)"


def _parts(secret: str) -> Iterator[str]:
    """Yield what is left of a secret when it is trimmed, its lines, and what is secret in it."""
    for whole in (secret, *parts_of(secret)):
        lines = [line.strip() for line in whole.splitlines() if len(line) >= _SHORTEST_LINE]
        yield from (part for part in (whole.strip(), *lines) if len(part) >= _SHORTEST)


def _pattern(value: str) -> str:
    """Return a pattern for a value with each character escaped in any of the usual ways.

    No part of it can match nothing or in two ways, so a search takes a time that grows with the
    text alone.
    """
    # Backslashes in a row are one part: each may have been doubled, and their ends are not seen.
    runs = re.findall(r"\\+|[^\\]", value, re.DOTALL)
    before = ["", *runs]
    parts = [
        _character(part, _REST if last.startswith("\\") else _SLASHES)
        for part, last in zip(runs, before, strict=False)
    ]
    ways = ["".join(parts)]
    data = value.encode("utf-8", "surrogatepass")
    if len(value) >= _SHORTEST_ALTERED:
        # As a list of numbers; what ends the first and begins the last is no digit of another.
        numbers = r"[, ]{1,2}".join(f"0{{0,2}}{byte}" for byte in data)
        ways.append(rf"(?<!\d){numbers}(?!\d)")
    # Most places of a text are told apart by one character; without, a megabyte takes a second.
    first = re.escape("".join({value[0], str(data[0])[0], chr(data[0]), *"+0"}))
    return rf"(?=[{first}%=&\\])(?:{'|'.join(ways)})"


def _hexadecimal(value: str) -> Iterator[str]:
    """Yield the digits of a value's bytes: in UTF-8, and in the wide encodings of either order."""
    for encoding in ("utf-8", "utf-16-le", "utf-32-le"):
        # Of a wide one without the last zeros, which in the other order stand before the first.
        digits = value.encode(encoding, "surrogatepass").hex()
        yield digits if encoding == "utf-8" else digits.removesuffix("00")
    yield value.encode("utf-16-be", "surrogatepass").hex()


def _character(character: str, slashes: str) -> str:
    """Return a pattern for a character, or for backslashes in a row.

    Args:
        character: One character, or backslashes.
        slashes: What its escapes begin with.
    """
    if character.startswith("\\"):
        many = len(character)
        escaped = rf"(?:%(?:25){{0,3}}|=)5c|{_SLASHES}(?:x5c|134)|&#(?:0{{0,6}}92|x0{{0,6}}5c);"
        return rf"(?:\\{{{many},{16 * many}}}|(?i:{escaped}){{{many}}})"
    data = character.encode("utf-8", "surrogatepass")
    units = character.encode("utf-16-be", "surrogatepass").hex()
    code = ord(character)
    forms = [
        _plain(character, slashes),
        # %2F of a URL, also of one inside another, and =2F of a mail; \xe4 of Python and \344 of C,
        # also byte by byte; \u00e4 of JSON, %u00e4 of old pages; &#228; of HTML.
        f"(?i:{''.join(f'(?:%(?:25){{0,3}}|=){byte:02x}' for byte in data)})",
        f"(?i:{''.join(f'{slashes}(?:x{byte:02x}|{byte:03o})' for byte in data)})",
        f"(?i:{''.join(f'(?:{slashes}|%)u{unit}' for unit in re.findall('....', units))})",
        f"(?i:&#(?:0{{0,6}}{code}|x0{{0,6}}{code:x});)",
    ]
    if len(data) > 1:
        forms += [f"(?i:{slashes}x{code:02x})", f"(?i:{slashes}U{code:08x})"]
        forms += [f"(?i:{slashes}u\\{{{code:x}\\}})", re.escape(data.decode("latin-1"))]
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
    wide = value.encode("utf-16-le", "surrogatepass")[:-1]  # with the zeros of either order
    return _cores_of(value.encode("utf-8", "surrogatepass")) | _cores_of(wide)


def _cores_of(data: bytes) -> set[str]:
    cores: set[str] = set()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data).decode()
        # The characters that a neighbour has bits in are not known.
        first, last = (0, 2, 3)[before], (before + len(data)) * 8 // 6
        core = encoded[first:last]
        if len(core) >= _SHORTEST_ENCODED:
            cores |= {core, core.replace("+", "-").replace("/", "_")}
    return cores


def _tokens(text: str, core: str) -> Iterator[Span]:
    """Yield what holds a piece of base64, as far as it is base64: the rest of a secret is there.

    By hand, because a regular expression would look again from each character of a long text.
    """
    at = 0
    while (found := text.find(core, at)) >= 0:
        start, end = found, found + len(core)
        while start > at and text[start - 1] in _BASE64:
            start -= 1
        while end < len(text) and text[end] in _BASE64:
            end += 1
        yield start, end
        at = end


def _all_of(text: str, parts: Sequence[str]) -> Iterator[Span]:
    for part in parts:
        at = 0
        while (found := text.find(part, at)) >= 0:
            at = found + len(part)
            yield found, at


def _masked(text: str, spans: Iterable[Span]) -> str:
    """Return a text with a mask for each span, and for those that overlap one."""
    kept: list[str] = []
    at = 0
    for start, end in sorted(spans):
        if start >= at:
            kept += [text[at:start], MASK]
        at = max(at, end)
    return "".join([*kept, text[at:]]) if kept else text


class _Without:
    """A text without what a pattern finds, and where its parts stand in the whole."""

    def __init__(self, text: str, pattern: re.Pattern[str]) -> None:
        gone = [found.span() for found in pattern.finditer(text)]
        self._starts = [0, *(end for _, end in gone)]
        ends = [*(start for start, _ in gone), len(text)]
        parts = [text[a:b] for a, b in zip(self._starts, ends, strict=True)]
        self._began = [0, *accumulate(map(len, parts))]
        self.text = "".join(parts)

    def place(self, span: Span) -> Span:
        """Return where in the whole a span of the text begins and ends."""
        start, last = (self._at(span[0]), self._at(span[1] - 1))
        return start, last + 1

    def _at(self, at: int) -> int:
        part = bisect_right(self._began, at, hi=len(self._starts)) - 1
        return self._starts[part] + at - self._began[part]
