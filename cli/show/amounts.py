"""Amounts: money, time and counts as people read them."""

from __future__ import annotations

import json
from datetime import datetime

from ...state.values import Json
from .output import visible


def dollars(usd: float | None, *, estimated: bool = False) -> str:
    """Write US dollars; small amounts keep the digits that tell them from nothing."""
    if usd is None:
        return "unknown"
    digits = 2 if usd == 0 or usd >= 1 else 4 if usd >= 0.01 else 6
    return f"{'≈' if estimated else ''}${usd:.{digits}f}"


def seconds(value: float) -> str:
    """Write a duration in seconds."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} s"


def moment(unix: float) -> str:
    """Write a point in time, to the second, in the local time zone."""
    return datetime.fromtimestamp(unix).astimezone().isoformat(sep=" ", timespec="seconds")


def compact(value: Json, *, limit: int | None = None) -> str:
    """Write a JSON value on one line, what steers a terminal made visible, cut at `limit`."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = visible(text.replace("\n", " "))
    if limit is not None and len(text) > limit:
        return f"{text[: limit - 1]}…"
    return text
