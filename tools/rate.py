"""Rate limits: a token bucket for each tool, in this process.

Several processes each keep their own: with N workers a tool may be called N times as often. A hard
limit across workers belongs to the service behind the tool.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ..state.forks import new_lock


class RateLimits:
    """Token buckets by name, filled evenly over a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = new_lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str, *, per_minute: int, patience: float) -> float:
        """Take one token, or the next one that comes within `patience` seconds.

        Returns:
            Seconds to wait before the call, at most `patience`; or, if no token comes in time, the
            seconds until one would, and none is taken.
        """
        rate = per_minute / 60.0
        with self._lock:
            now = self._clock()
            tokens, at = self._buckets.get(name, (float(per_minute), now))
            tokens = min(float(per_minute), tokens + (now - at) * rate)
            wait = max(0.0, (1.0 - tokens) / rate)
            if wait <= patience:
                tokens -= 1.0
            self._buckets[name] = (tokens, now)
            return wait
