"""Further request fields of a model, as far as they decide what a call can cost.

They are sent as they stand, so a second output limit among them could lift ours, and several
choices are billed each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import ceil, isfinite
from typing import Any, cast

from ...state.values import JsonObject

LIMITS = frozenset(
    {
        *("maxtokens", "maxcompletiontokens", "maxoutputtokens", "maxnewtokens", "maxtokencount"),
        *("maxtokenstosample", "maxgenlen", "numpredict", "npredict", "maxlength"),
        *("maxdecodetokens", "maxgeneratedtokens", "maxgenerationtokens", "outputtokenlimit"),
    }
)
"""Names under which servers take an output limit, however they are written: `maxTokens`."""
CHOICES = frozenset(
    {
        *("n", "bestof", "numreturnsequences", "numgenerations", "numcompletions", "numresults"),
        *("candidatecount", "samplecount", "numsamples", "numbeams", "beamwidth"),
        *("ncompletions", "nchoices", "numchoices", "numcandidates", "nsamples", "choicecount"),
    }
)
"""Names under which servers take how many replies to write; each is billed."""

_THINKING = frozenset({"reasoning", "thinking", "thinkingconfig"})
"""What these hold bounds a part of the output, which is within the limit of the whole."""

_DEPTH = 16
_LONGEST_NUMBER = 32


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
        name: value if _plain(name) in _THINKING else _without_limits(value)
        for name, value in parameters.items()
        if _plain(name) not in LIMITS
    }


def _without_limits(value: Any) -> Any:
    if isinstance(value, Mapping):
        return without_limits(cast("Mapping[str, Any]", value))
    return [_without_limits(part) for part in value] if isinstance(value, list | tuple) else value


def _numbers(fields: Mapping[str, Any], depth: int) -> Iterator[tuple[str, float]]:
    for name, value in fields.items():
        for part in value if isinstance(value, list | tuple) else [value]:
            if not isinstance(part, Mapping):
                yield from ((_plain(name), number) for number in _number(part))
            elif depth:
                found = _numbers(cast("Mapping[str, Any]", part), depth - 1)
                thinks = _plain(name) in _THINKING
                yield from ((n, v) for n, v in found if not (thinks and n in LIMITS))


def _number(value: Any) -> list[float]:
    """Return the number that a server would read, if it is one; text is read as Python's do."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return []
    if isinstance(value, str) and len(value) > _LONGEST_NUMBER:
        return []
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return []
    # No server reads what JSON cannot hold.
    return [number] if isfinite(number) else []


def _plain(name: str) -> str:
    """Return a field's name without what servers' styles differ in."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
