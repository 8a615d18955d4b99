"""`models`."""

from __future__ import annotations

import pytest


def test_list_joins_prices_health_and_routes(desk, gateway):
    """Each model stands with its price, how it has fared and who may choose it."""
    page = desk("models")
    big, tiny = desk("models", "--json").document["models"]

    assert page.code == 0
    assert "big@desk" in page.out
    assert "untried" in page.out
    assert big["usd_per_million_input"] == pytest.approx(1.0)
    assert tiny["usd_per_million_input"] is None
    assert big["routes"]
    assert not gateway.requests


def test_discovery_asks_the_endpoint(desk, gateway):
    """What an endpoint serves is listed, also what the settings do not take."""
    result = desk("models", "discover", "desk", "--json")

    assert result.code == 0, result.err
    assert set(result.document["desk"]) == {"big", "small"}


def test_discovery_of_an_unknown_endpoint_is_wrong_use(desk, gateway):
    """An endpoint that is not in the settings ends with 2."""
    assert desk("models", "discover", "nowhere").code == 2


def test_discovery_of_a_dead_endpoint_fails_by_name(desk, gateway):
    """An endpoint that does not answer ends with 1 and its name."""
    gateway.stop()

    result = desk("models", "discover", "desk")

    assert result.code == 1
    assert "models.endpoints.desk" in result.err
