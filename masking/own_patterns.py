"""A tenant's own kinds of data, by patterns from the settings."""

from __future__ import annotations

from collections.abc import Mapping

import re2

from ..state.patterns import PatternRefusedError, searcher
from .kinds import ALL, GROUPS, KINDS
from .pseudonyms import NAME
from .recognisers.recogniser import Recogniser, compiled


def own_recognisers(patterns: Mapping[str, str]) -> tuple[Recogniser, ...]:
    """Return what finds a tenant's kinds; they come before the others.

    Raises:
        ValueError: The message names the field and what is wrong with it.
    """
    return tuple(_recogniser(kind, pattern) for kind, pattern in patterns.items())


def _recogniser(kind: str, pattern: str) -> Recogniser:
    if not NAME.fullmatch(kind):
        raise ValueError(
            f"patterns.{kind}: a kind is named by small letters, digits and underscores, the first "
            "a letter."
        )
    if kind in (*KINDS, *GROUPS, ALL):
        raise ValueError(f"patterns.{kind}: there is such a kind or group; take another name.")
    try:
        matches_nothing = searcher(pattern)("")
    except PatternRefusedError as error:
        raise ValueError(f"patterns.{kind}: {error}") from None
    if matches_nothing:
        raise ValueError(f"patterns.{kind}: it finds an empty text, so it would be everywhere.")
    try:
        compiled(pattern)
    except re2.error:
        raise ValueError(f"patterns.{kind}: it is too large with its groups.") from None
    return Recogniser(kind=kind, pattern=pattern, whole=False)
