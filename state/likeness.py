"""Likeness: whether values say the same, however they are written.

Clients and forms rewrite what passes through them: 500.0 becomes 500, a line break another one,
an accent two characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from unicodedata import decimal, normalize

from .values import Json, canonical_json

_WORD = re.compile(r"[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff]+|\w")
"""A word; of scripts that put no spaces between them, a character."""
_UNSEEN = re.compile(
    "[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Characters that nobody sees: control, format and filling ones, variants, and halves of others."""
_JOINS = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58", "-")
    | dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc", "'")
)
"""Dashes and apostrophes, which a word processor puts in for those of a keyboard."""
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
_RUN = 4
"""Words in a row that two texts do not share by chance."""
_TELLING = 4
"""Characters by which a shorter text is recognised inside another one."""


def likeness(value: Json) -> Json:
    """Return a form of a value that all ways of writing it share; lists and objects stay.

    Text: compatible forms of characters, kinds of dashes and of apostrophes, digits of other
    scripts, case, white space and what nobody sees do not count.
    Numbers: 20.0 is 20.
    """
    if isinstance(value, str):
        seen = _UNSEEN.sub("", value)
        form = normalize("NFKC", normalize("NFKC", seen).casefold()).translate(_JOINS)
        return " ".join(_OTHER_DIGIT.sub(_as_ascii, form).split())
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _as_ascii(digit: re.Match[str]) -> str:
    return str(decimal(digit.group()))


def spoken(value: Json) -> str:
    """Return that form as text: the number 20 and the text "20" are spoken alike."""
    form = likeness(value)
    if isinstance(form, str):
        return form
    return str(form) if type(form) is int else canonical_json(form)


class Passages:
    """What some texts say, to be recognised in others. It takes time for their lengths alone.

    Args:
        texts: The texts, as `spoken`.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._runs: set[tuple[str, ...]] = set()
        self._parts: set[tuple[str, ...]] = set()
        for text in texts:
            words = _WORD.findall(text)
            if len(words) >= _RUN:
                self._runs.update(_windows(words, _RUN))
            elif _tells(words):
                self._runs.add(tuple(words))
            for length in range(1, _RUN + 1):
                self._parts.update(_windows(words, length))

    def are_repeated_in(self, text: str) -> bool:
        """Whether a text repeats one of them, or several words of one in a row."""
        words = _WORD.findall(text)
        return any(
            window in self._runs
            for length in range(1, _RUN + 1)
            for window in _windows(words, length)
        )

    def hold(self, text: str) -> bool:
        """Whether a short text stands in one of them."""
        words = _WORD.findall(text)
        return _tells(words) and tuple(words) in self._parts


def _windows(words: list[str], length: int) -> Iterator[tuple[str, ...]]:
    return (tuple(words[i : i + length]) for i in range(len(words) - length + 1))


def _tells(words: list[str]) -> bool:
    return sum(map(len, words)) >= _TELLING
