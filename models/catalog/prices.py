"""What a call costs, from the tokens that the provider bills.

A price that nobody knows is `None`, never zero.
"""

from __future__ import annotations

from typing import Protocol

from pydantic import Field

from ...state.values import Record

MILLION = 1_000_000
BATCH_TIERS = frozenset({"batch", "flex"})


class Consumption(Record):
    """Tokens of one call as the provider reports them; parts are contained in their wholes."""

    input_tokens: int = 0
    cached_input_tokens: int = 0
    """The part of the input that was read from the provider's cache."""
    cache_write_tokens: int = 0
    """The part of the input that was written to the provider's cache."""
    output_tokens: int = 0
    reasoning_tokens: int = 0
    """The part of the output that was thinking."""
    tier: str = ""
    """The service tier that answered: `batch`, `flex`, `priority`, …"""


class ModelPrice(Protocol):
    """What calls of one model cost, in US dollars."""

    def cost(self, used: Consumption, *, at: float) -> float:
        """Return the price of what was used by a call started at Unix time `at`."""
        ...

    def ceiling(self, input_tokens: int, output_tokens: int, *, at: float) -> float:
        """Return the most that this many tokens can cost, however they are classed."""
        ...


class Tariff(Record):
    """Prices written in the catalog, in US dollars per million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached_input: float | None = Field(default=None, ge=0)
    """Input read from the provider's cache; the input price if not given."""
    cache_write: float | None = Field(default=None, ge=0)
    reasoning: float | None = Field(default=None, ge=0)
    """Thinking tokens; the output price if not given."""
    batch: float = Field(default=1.0, ge=0)
    """Factor on the whole bill of a call that the provider serves in its batch or flex tier."""

    def cost(self, used: Consumption, *, at: float) -> float:  # noqa: ARG002
        """Return the price of what was used."""
        fresh = used.input_tokens - used.cached_input_tokens - used.cache_write_tokens
        spoken = used.output_tokens - used.reasoning_tokens
        usd = (
            fresh * self.input
            + used.cached_input_tokens * _or(self.cached_input, self.input)
            + used.cache_write_tokens * _or(self.cache_write, self.input)
            + spoken * self.output
            + used.reasoning_tokens * _or(self.reasoning, self.output)
        ) / MILLION
        return usd * self.batch if used.tier in BATCH_TIERS else usd

    def ceiling(self, input_tokens: int, output_tokens: int, *, at: float) -> float:  # noqa: ARG002
        """Return the most that this many tokens can cost."""
        dearest_input = max(self.input, self.cached_input or 0, self.cache_write or 0)
        dearest_output = max(self.output, self.reasoning or 0)
        usd = (input_tokens * dearest_input + output_tokens * dearest_output) / MILLION
        return usd * max(1.0, self.batch)


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
