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
        *("max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens"),
        *("max_tokens_to_sample", "maxoutputtokens", "num_predict", "n_predict", "max_length"),
    }
)
"""Names under which servers take an output limit."""
CHOICES = frozenset(
    {
        *("n", "best_of", "num_return_sequences", "num_generations", "num_completions"),
        *("candidate_count", "candidatecount", "num_beams", "beam_width"),
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
        if name.lower() not in LIMITS
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
                yield name.lower(), value
        elif isinstance(value, str) and _NUMBER.fullmatch(value):
            # Servers read a number that is written as text.
            yield name.lower(), float(value)
