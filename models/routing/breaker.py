"""A circuit breaker as a value: pure transitions, no clock and no lock of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

BreakerState = Literal["closed", "open", "half_open"]

MAX_DOUBLINGS = 4
"""A model that keeps failing its probes rests up to 16 times as long."""


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """Closed while calls succeed, open after failures, then half-open for one probe at a time."""

    failures: int = 0
    """Failures in a row."""
    openings: int = 0
    """Times it has opened since the last success."""
    open_until: float = 0.0
    """Unix time until which nothing passes; 0 while closed."""
    probe_until: float = 0.0
    """Unix time until which one probe is on its way; after that it counts as lost."""

    def state(self, now: float) -> BreakerState:
        """Return the state at Unix time `now`."""
        if not self.open_until:
            return "closed"
        return "open" if now < self.open_until else "half_open"

    def admit(self, now: float, *, probe_seconds: float) -> Breaker | None:
        """Return the breaker after a call was let through, or `None` if none may pass."""
        state = self.state(now)
        if state == "closed":
            return self
        if state == "open" or now < self.probe_until:
            return None
        return replace(self, probe_until=now + probe_seconds)

    def succeed(self) -> Breaker:
        """Return the breaker after a call that worked."""
        return Breaker()

    def abandon(self) -> Breaker:
        """Return the breaker after a call that ended and says nothing of the endpoint."""
        return replace(self, probe_until=0.0)

    def fail(
        self, now: float, *, threshold: int, open_seconds: float, rest: float | None = None
    ) -> Breaker:
        """Return the breaker after a call that failed.

        Args:
            now: Unix time.
            threshold: Failures in a row that open it.
            open_seconds: How long it opens for the first time.
            rest: Seconds for which the endpoint asked to be left alone; opens at once.
        """
        failed = replace(self, failures=self.failures + 1, probe_until=0.0)
        was_probe = self.state(now) == "half_open"
        if rest is None and not was_probe and failed.failures < threshold:
            return failed
        seconds = open_seconds * 2 ** min(self.openings, MAX_DOUBLINGS) if rest is None else rest
        until = max(self.open_until, now + seconds)
        return replace(failed, openings=self.openings + 1, open_until=until)
