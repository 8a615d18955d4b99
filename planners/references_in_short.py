"""References as a model may write them: `{"$": …}`."""

from __future__ import annotations

from typing import Any

from ..state.values import Json


def spelt_out(value: Json) -> Any:
    """Write `{"$": …}` as `{"$expr": …}`, wherever it stands."""
    if isinstance(value, list):
        return [spelt_out(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$"}:
        return {"$expr": value["$"]}
    return {name: spelt_out(item) for name, item in value.items()}
