"""What is published of models: prices and context windows, from `genai-prices`."""

from __future__ import annotations

from datetime import UTC, datetime

from genai_prices import Usage as GenaiUsage
from genai_prices import calc_price
from genai_prices.data_snapshot import get_snapshot

from .prices import Consumption, ModelPrice


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


def published_price(model: str, *, provider: str = "", base_url: str = "") -> ModelPrice | None:
    """Return the published price of a model, or `None` if nobody knows it.

    At the named provider, then at the endpoint's address, and last of whoever makes a model of
    that name.
    """
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
