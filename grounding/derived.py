"""Derived: a value that a rule has computed, and whether a sentence says it."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from .matching import agrees, rounds_to
from .quantities import Quantity


class Derived(NamedTuple):
    """A computed value, what it counts, and whether it needs a cue in the sentence to stand."""

    value: Decimal
    dimension: str
    rounded: bool = False
    """Whether the computation leaves more decimals than are said."""


def meets(derived: Derived, said: Quantity) -> bool:
    """Return whether a computed value is what a sentence says, unit and rounding included."""
    amount = said.dimension.startswith("money:") and derived.dimension in ("money:*", "money:?")
    # Cents are of the currency of what they were computed from.
    amount |= said.dimension == "money:?" and derived.dimension.startswith("money:")
    if said.dimension and derived.dimension and said.dimension != derived.dimension and not amount:
        return False
    if said.dimension and not derived.dimension:
        return False
    own_values = said.values if derived.dimension in ("", "money:*") else said.base
    value = abs(derived.value)
    return any(
        agrees(value, own, said) or (derived.rounded and rounds_to(value, own, said))
        for own in own_values
    )
