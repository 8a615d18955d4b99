"""Further request fields of a model, as far as they decide what a call can cost.

They are sent as they stand, so a second output limit among them could lift ours, and several
choices are billed each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import ceil, isfinite
from typing import Any

from ...state.values import JsonObject

LIMITS = frozenset(
    {
        *("maxtokens", "maxcompletiontokens", "maxoutputtokens", "maxnewtokens", "maxtokencount"),
        *("maxtokenstosample", "maxgenlen", "numpredict", "npredict", "maxlength"),
    }
)
"""Names under which servers take an output limit, however they are written: `maxTokens`."""
CHOICES = frozenset(
    {
        *("n", "bestof", "numreturnsequences", "numgenerations", "numcompletions", "numresults"),
        *("candidatecount", "samplecount", "numsamples", "numbeams", "beamwidth"),
    }
)
"""Names under which servers take how many replies to write; each is billed."""

_DEPTH = 16
_NUMBER = re.compile(r"\s*\+?[0-9]{1,9}(?:\.[0-9]{1,9})?\s*")


def own_limit(parameters: Mapping[str, Any]) -> int | None:
    """Return the least output limit among the fields, `None` if there is none."""
    found = [int(value) for name, value in _numbers(parameters, _DEPTH) if name in LIMITS]
    return min((value for value in found if value > 0), default=None)


def choices(parameters: Mapping[str, Any]) -> int:
    """Return how many replies the fields ask for, at least 1."""
    found = [ceil(value) for name, value in _numbers(parameters, _DEPTH) if name in CHOICES]
    return max([1, *found])


def without_limits(parameters: Mapping[str, Any]) -> JsonObject:
    """Return the fields without output limits, for the one limit of the call to hold alone."""
    return {
        name: without_limits(value) if isinstance(value, dict) else value
        for name, value in parameters.items()
        if _plain(name) not in LIMITS
    }


def _numbers(fields: Mapping[str, Any], depth: int) -> Iterator[tuple[str, float]]:
    for name, value in fields.items():
        inner = value if isinstance(value, list | tuple) else [value]
        for part in inner if depth else ():
            if isinstance(part, Mapping):
                yield from _numbers(part, depth - 1)
        if isinstance(value, int | float) and not isinstance(value, bool):
            # No server reads what JSON cannot hold.
            if isfinite(value):
                yield _plain(name), value
        elif isinstance(value, str) and _NUMBER.fullmatch(value):
            # Servers read a number that is written as text.
            yield _plain(name), float(value)


def _plain(name: str) -> str:
    """Return a field's name without what servers' styles differ in."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
