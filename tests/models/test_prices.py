"""Prices: as the provider bills, never an unknown one taken for zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.models.catalog.prices import Consumption, Tariff
from pointsman.models.catalog.published import published_context_window, published_price
from pointsman.models.catalog.settings import (
    Catalog,
    EndpointSettings,
    ModelSettings,
    ModelsSettings,
)

NOW = 1_760_000_000.0
counts = st.integers(min_value=0, max_value=200_000)


def test_the_published_price_is_found_by_name() -> None:
    """A model that genai-prices knows needs no price in the settings."""
    price = published_price("gpt-4o-mini")

    assert price is not None
    used = Consumption(input_tokens=1_000_000, output_tokens=1_000_000)
    assert price.cost(used, at=NOW) == pytest.approx(0.15 + 0.60)


def test_cached_input_costs_what_the_provider_asks_for_it() -> None:
    """Input from the provider's cache is billed at its own price."""
    price = published_price("gpt-4o-mini")

    assert price is not None
    used = Consumption(input_tokens=1_000_000, cached_input_tokens=1_000_000)
    assert price.cost(used, at=NOW) == pytest.approx(0.075)


def test_an_unknown_price_is_none() -> None:
    """Nobody's model has no price, which is not the same as a price of zero."""
    assert published_price("nobodys-model-7") is None


def test_the_settings_win_over_the_published_price() -> None:
    """A tariff in the catalog replaces what is published."""
    tariff = Tariff(input=1.0, output=2.0)
    model = ModelSettings(id="gpt-4o-mini", endpoint="here", prices=tariff)
    here = EndpointSettings(base_url="https://api.openai.com/v1")
    settings = ModelsSettings(endpoints={"here": here}, models=(model,))

    assert Catalog(settings).price(model) is tariff


def test_reasoning_cache_and_batch_count_as_billed() -> None:
    """Each part of the usage has its own price, and a batch tier its factor."""
    tariff = Tariff(input=10.0, output=20.0, cached_input=1.0, reasoning=40.0, batch=0.5)
    used = Consumption(
        input_tokens=1_000_000,
        cached_input_tokens=400_000,
        output_tokens=1_000_000,
        reasoning_tokens=500_000,
    )

    assert tariff.cost(used, at=NOW) == pytest.approx(6.0 + 0.4 + 10.0 + 20.0)
    in_batch = used.model_copy(update={"tier": "flex"})
    assert tariff.cost(in_batch, at=NOW) == pytest.approx(18.2)


@given(
    inward=counts,
    outward=counts,
    cached=st.floats(0, 1),
    written=st.floats(0, 1),
    thought=st.floats(0, 1),
    model=st.sampled_from(["gpt-4o-mini", "gpt-5", "claude-sonnet-4-5", "gemini-2.5-pro"]),
)
def test_no_usage_within_the_bounds_costs_more_than_the_ceiling(
    inward: int, outward: int, cached: float, written: float, thought: float, model: str
) -> None:
    """However the tokens are classed, a reservation at the ceiling covers them."""
    used = Consumption(
        input_tokens=inward,
        cached_input_tokens=int(inward * cached),
        cache_write_tokens=int((inward - int(inward * cached)) * written),
        output_tokens=outward,
        reasoning_tokens=int(outward * thought),
    )
    tariff = Tariff(input=1.0, output=5.0, cached_input=0.1, cache_write=1.25, reasoning=7.0)
    for price in (published_price(model), tariff):
        assert price is not None
        assert price.cost(used, at=NOW) <= price.ceiling(inward, outward, at=NOW) + 1e-12


def test_the_published_context_window_is_found() -> None:
    """Discovered models get the context window that is published for them."""
    window = published_context_window("gpt-4o-mini")
    assert window is not None
    assert window >= 100_000
    assert published_context_window("nobodys-model-7") is None
