"""What a call itself costs, as the tool tells while it runs."""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from ..errors import ToolError

_TOLD: ContextVar[list[float] | None] = ContextVar("pointsman_costs", default=None)


def report_cost(usd: float) -> None:
    """Tell what the running call of a tool has cost, in US dollars; several reports add up.

    It replaces the contract's `cost_usd`, which is what was reserved for the call. Outside of a
    call it does nothing.

    Raises:
        ToolError: It is no amount of money.
    """
    if not math.isfinite(usd) or usd < 0:
        raise ToolError(f"{usd!r} is not a cost.", where="report_cost", fix="Give 0 or more.")
    told = _TOLD.get()
    if told is not None:
        told.append(usd)


@contextmanager
def told_costs() -> Generator[list[float]]:
    """Collect what calls report while the context lasts."""
    told: list[float] = []
    token = _TOLD.set(told)
    try:
        yield told
    finally:
        _TOLD.reset(token)
