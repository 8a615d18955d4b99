"""Lifetimes: how long data of a class are kept, as settings write it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

CONVERSATION = "conversation"
"""The class of every thread, whatever data it holds."""
AUDIT = "audit"
"""The class of what stands in the audit log's entries."""

_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_FORM = re.compile(rf"([0-9]{{1,9}}) ?({'|'.join(_SECONDS)})")
_FORMS = "a whole number of at least 1 and a unit: 90s, 30min, 12h, 30d, 8w or 7y"


def parse_lifetime(text: object) -> float:
    """Return the seconds of a lifetime, such as `30d`; a year has 365 days.

    Raises:
        ValueError: It is none; the message says which forms there are.
    """
    found = _FORM.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None or int(found[1]) == 0:
        raise ValueError(f"this is no lifetime. Write {_FORMS}")
    return float(int(found[1]) * _SECONDS[found[2]])


def lifetime_text(seconds: float) -> str:
    """Return seconds as settings write them, in the largest unit that is whole."""
    whole = int(seconds)
    unit = next(u for u in reversed(_SECONDS) if u != "w" and whole % _SECONDS[u] == 0)
    return f"{whole // _SECONDS[unit]}{unit}"


Lifetime = Annotated[float, BeforeValidator(parse_lifetime), PlainSerializer(lifetime_text)]
"""Seconds, written as `30d`."""


@dataclass(frozen=True, kw_only=True)
class UnknownClass:
    """A class in settings that nothing has data of."""

    name: str
    near: str
    """The known class that is probably meant; empty if none is near."""


def unknown_class(named: Iterable[str], known: Iterable[str]) -> UnknownClass | None:
    """Return the first class, by its name, that is not known."""
    there = sorted({*known})
    for name in sorted({*named} - {*there}):
        return UnknownClass(name=name, near=next(iter(get_close_matches(name, there, n=1)), ""))
    return None


def ended_class(
    classes: Iterable[str], idle_seconds: float, lifetimes: Mapping[str, float]
) -> str | None:
    """Return by which class a thread's lifetime is over, the shortest; `None` while it is not.

    Args:
        classes: Of the data that it holds.
        idle_seconds: How long ago it was last at work.
        lifetimes: Class → seconds.
    """
    counted = [(lifetimes[c], c) for c in {*classes, CONVERSATION} if c in lifetimes]
    shortest = min(counted, default=None)
    return shortest[1] if shortest is not None and idle_seconds > shortest[0] else None
