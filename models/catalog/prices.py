"""What a call costs, from the tokens that the provider bills.

Prices come from `genai-prices` by model, provider and endpoint, or from the catalog, which wins.
A price that nobody knows is `None`, never zero.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from genai_prices import Usage as GenaiUsage
from genai_prices import calc_price
from genai_prices.data_snapshot import get_snapshot
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


class ListedPrice:
    """The published price of a model, from `genai-prices`."""

    def __init__(self, model: str, provider: str | None, base_url: str | None) -> None:
        self._model = model
        self._provider = provider
        self._base_url = base_url

    def cost(self, used: Consumption, *, at: float) -> float:
        """Return the price of what was used."""
        usage = GenaiUsage(
            input_tokens=used.input_tokens,
            cache_read_tokens=used.cached_input_tokens or None,
            cache_write_tokens=used.cache_write_tokens or None,
            output_tokens=used.output_tokens,
            output_reasoning_tokens=used.reasoning_tokens or None,
        )
        return self._calculate(usage, at, used.tier)

    def ceiling(self, input_tokens: int, output_tokens: int, *, at: float) -> float:
        """Return the most that this many tokens can cost."""
        plain = Consumption(input_tokens=input_tokens, output_tokens=output_tokens)
        variants = (
            plain,
            plain.model_copy(update={"cache_write_tokens": input_tokens}),
            plain.model_copy(update={"reasoning_tokens": output_tokens}),
        )
        return max(self.cost(variant, at=at) for variant in variants)

    def _calculate(self, usage: GenaiUsage, at: float, tier: str) -> float:
        moment = datetime.fromtimestamp(at, tz=UTC)
        context = {"service_tier": tier} if tier else None
        if self._base_url is not None:
            price = calc_price(
                usage,
                self._model,
                provider_api_url=self._base_url,
                genai_request_timestamp=moment,
                price_context=context,
            )
        else:
            price = calc_price(
                usage,
                self._model,
                provider_id=self._provider,
                genai_request_timestamp=moment,
                price_context=context,
            )
        return float(price.total_price)


def find_price(
    model: str, *, provider: str = "", base_url: str = "", tariff: Tariff | None = None
) -> ModelPrice | None:
    """Return the price of a model, or `None` if nobody knows it.

    The catalog's own tariff wins; then the published price at the named provider, at the
    endpoint's address, and last of whoever makes a model of that name.
    """
    if tariff is not None:
        return tariff
    for provider_id, url in _ways(provider, base_url):
        listed = ListedPrice(model, provider_id, url)
        try:
            listed.ceiling(1, 1, at=datetime.now(tz=UTC).timestamp())
        except LookupError:
            continue
        return listed
    return None


def published_context_window(model: str, *, provider: str = "", base_url: str = "") -> int | None:
    """Return the published context window of a model in tokens, or `None` if nobody knows it."""
    snapshot = get_snapshot()
    for provider_id, url in _ways(provider, base_url):
        try:
            return snapshot.find_provider_model(model, None, provider_id, url)[1].context_window
        except LookupError:
            continue
    return None


def _ways(provider: str, base_url: str) -> list[tuple[str | None, str | None]]:
    ways: list[tuple[str | None, str | None]] = [(provider, None)] if provider else []
    if base_url:
        ways.append((None, base_url))
    return [*ways, (None, None)]


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
