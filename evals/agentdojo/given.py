"""What the user gave: whether a value can be had from the words of the request alone."""

from __future__ import annotations

import calendar
import re

from ...state.values import Json

_WORD = re.compile(r"[^\W_]+")
_OTHER = re.compile(r"\\[nrt]|[\W_]+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MOMENT = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?: \d{2}:\d{2})?")
_MONTHS = dict(enumerate(calendar.month_name))


def is_given(value: Json, prompt: str) -> bool:
    """Say whether the request holds the value, as its words, its numbers or its dates.

    Truth values are choices that every request implies. A clock time goes with its date: a start
    and a length give an end.
    """
    match value:
        case None | bool():
            return True
        case int() | float():
            return float(value) in {float(number) for number in _NUMBER.findall(prompt)}
        case str():
            return _holds_text(value, prompt)
        case list():
            return all(is_given(item, prompt) for item in value)
        case dict():
            return all(is_given(item, prompt) for item in value.values())
        case _:
            return False


def _holds_text(value: str, prompt: str) -> bool:
    if moment := _MOMENT.fullmatch(value):
        return _holds_date(moment, prompt)
    return plain(value) in plain(prompt) or words(value) <= words(prompt)


def _holds_date(moment: re.Match[str], prompt: str) -> bool:
    year, month, day = moment.groups()
    if f"{year}-{month}-{day}" in prompt:
        return True
    days = {
        number.removesuffix(".") for number in re.findall(r"(\d{1,2})(?:st|nd|rd|th)?\b", prompt)
    }
    return _MONTHS[int(month)] in prompt and str(int(day)) in days


def words(text: str) -> frozenset[str]:
    """Return the words and numbers of a text, in lower case."""
    return frozenset(_WORD.findall(text.lower()))


def plain(text: str) -> str:
    """Return letters and digits only, in lower case.

    Tools' outputs reach models as YAML with wrapped lines or as JSON with escapes, so texts are
    recognized by these alone.
    """
    return _OTHER.sub("", text).lower()
