"""Cues: the words by which a sentence says that it adds, compares, shares out or averages."""

from __future__ import annotations

import re

from .lexicon.reading import any_of, lexicon

_WORDS = lexicon("cues")


def _begins(name: str) -> re.Pattern[str]:
    """Return a pattern of words that begin so."""
    return re.compile(rf"(?<![^\W_])(?:{any_of(_WORDS[name])})", re.IGNORECASE)


def _before_number(name: str) -> re.Pattern[str]:
    """Return a pattern of words right before a number."""
    words = rf"(?<![^\W_])(?:{any_of(_WORDS[name])})\s(?:the\s)?[$€£]?$"
    return re.compile(words, re.IGNORECASE)


SUM = _begins("sum")
DIFFERENCE = _begins("difference")
PRODUCT = _begins("product")
BOTH_WAYS = _begins("both_ways")
SHARE = _begins("share")
DEADLINE = _begins("deadline")
MEAN = _begins("mean")
REST = _begins("rest")
WITHOUT = _begins("without")
YEAR = _begins("year")
MONTH = _begins("month")
WEEK = _begins("week")
DAY = _begins("day")
REMAINING = _begins("remaining")
MORE_THAN = _begins("more_than")
LESS_THAN = _begins("less_than")
ALL_OF = _begins("all_of")
LENGTH = _begins("length")
LIMIT = _before_number("limit")
"""`under 210`: the number is a limit, and may be the request's own."""
BEYOND = _before_number("beyond")
"""`fewer than one in ten`: `over` and its like are left out, for `an invoice over 140 euros`."""
