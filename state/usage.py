"""Usage: what a run has cost so far."""

from __future__ import annotations

from .values import Record


class Usage(Record):
    """Tokens and money. `usd` is `None` as soon as one part has no known price."""

    input_tokens: int = 0
    output_tokens: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    usd: float | None = 0.0
    """US dollars."""
    estimated: bool = False
    """Whether a provider failed to report usage and the reservation stands in for it."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            model_calls=self.model_calls + other.model_calls,
            tool_calls=self.tool_calls + other.tool_calls,
            usd=None if self.usd is None or other.usd is None else self.usd + other.usd,
            estimated=self.estimated or other.estimated,
        )


def total(parts: list[Usage]) -> Usage:
    """Add up usages."""
    return sum(parts, start=Usage())
