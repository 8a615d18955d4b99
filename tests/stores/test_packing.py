"""What is prepared on the event loop is small, whatever its shape."""

from __future__ import annotations

import pytest

from pointsman.state.values import Json, size_of
from pointsman.stores.packing import SMALL, is_small

MANY = 40_000


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("x" * (SMALL + 1), id="text"),
        pytest.param(["x" * 1000] * 40, id="texts"),
        pytest.param({f"{n}": n for n in range(MANY)}, id="names"),
        pytest.param({"x" * (SMALL + 1): 1}, id="a long name"),
        pytest.param([[0]] * MANY, id="lists"),
        pytest.param([{"a": {"b": ["x" * SMALL, "y"]}}], id="deep down"),
    ],
)
def test_what_is_large_is_found_large(value: Json) -> None:
    """Text, names, numbers and brackets all count."""
    assert size_of(value) > SMALL
    assert not is_small(value)


@pytest.mark.parametrize(
    "value", [None, "x" * 1000, {"total": 49.9, "items": [{"id": n} for n in range(100)]}]
)
def test_what_is_small_is_found_small(value: Json) -> None:
    """A record or a prompt of usual length is."""
    assert is_small(value)
