"""Health of endpoints as this process has seen it: breakers and latencies, shared by all runs."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from ...state.forks import new_lock
from ..catalog.settings import BreakerSettings
from ..failures.classes import BREAKER_CLASSES, AttemptFailure
from .breaker import Breaker, BreakerState

SAMPLES = 128
"""Latencies remembered per model."""

AT_ONCE = frozenset({"authentication", "unknown_model"})
"""Failures that the next call would only repeat."""

HealthKey = tuple[str, str]
"""Address of the endpoint (its name where it has none) and the model."""


@dataclass(frozen=True, kw_only=True)
class HealthView:
    """What the router may know of a model's health."""

    state: BreakerState = "closed"
    open_until: float = 0.0
    """Unix time."""
    last_failure: str = ""
    p50: float | None = None
    """Median seconds of a successful call."""
    p95: float | None = None


@dataclass(kw_only=True)
class _HealthEntry:
    breaker: Breaker = field(default_factory=Breaker)
    last_failure: str = ""
    seconds: deque[float] = field(default_factory=lambda: deque[float](maxlen=SAMPLES))


class HealthBoard:
    """Breakers and latencies by endpoint and model. Safe from any thread and event loop."""

    def __init__(self) -> None:
        self._lock = new_lock()
        self._entries: dict[HealthKey, _HealthEntry] = {}

    def admit(self, key: HealthKey, *, now: float, probe_seconds: float) -> bool:
        """Say whether a call may go out. A half-open breaker lets one probe through.

        Whoever was admitted reports how it ended, once: `succeeded`, `failed` or `abandoned`.
        """
        with self._lock:
            entry = self._entry(key)
            admitted = entry.breaker.admit(now, probe_seconds=probe_seconds)
            if admitted is not None:
                entry.breaker = admitted
            return admitted is not None

    def succeeded(self, key: HealthKey, *, seconds: float) -> None:
        """Report a call that worked and took `seconds`."""
        with self._lock:
            entry = self._entry(key)
            entry.breaker = entry.breaker.succeed()
            entry.seconds.append(seconds)

    def failed(
        self, key: HealthKey, failure: AttemptFailure, settings: BreakerSettings, *, now: float
    ) -> None:
        """Report a call that failed; failures of the request itself leave the breaker alone."""
        with self._lock:
            entry = self._entry(key)
            if failure.kind not in BREAKER_CLASSES and not _is_page(failure):
                entry.breaker = entry.breaker.succeed()
                return
            rest = failure.retry_after
            if rest is None and failure.kind in AT_ONCE:
                rest = settings.open_seconds
            entry.last_failure = failure.kind
            entry.breaker = entry.breaker.fail(
                now,
                threshold=settings.failures,
                open_seconds=settings.open_seconds,
                rest=rest,
            )

    def abandoned(self, key: HealthKey) -> None:
        """Report a call that was cancelled: it says nothing about the endpoint."""
        with self._lock:
            entry = self._entry(key)
            entry.breaker = entry.breaker.abandon()

    def view(self, key: HealthKey, *, now: float) -> HealthView:
        """Return what is known of a model at an endpoint."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return HealthView()
            return HealthView(
                state=entry.breaker.state(now),
                open_until=entry.breaker.open_until,
                last_failure=entry.last_failure,
                p50=percentile(entry.seconds, 0.5),
                p95=percentile(entry.seconds, 0.95),
            )

    def latency(self, key: HealthKey, share: float, *, min_samples: int) -> float | None:
        """Return the time within which `share` of the calls were done, if enough are known."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or len(entry.seconds) < min_samples:
                return None
            return percentile(entry.seconds, share)

    def _entry(self, key: HealthKey) -> _HealthEntry:
        return self._entries.setdefault(key, _HealthEntry())


def _is_page(failure: AttemptFailure) -> bool:
    """Say whether what came back was no reply of a model at all: an error page, or nothing."""
    return failure.kind == "malformed_output" and not failure.reply


def percentile(values: deque[float], share: float) -> float | None:
    """Return the nearest-rank percentile, or `None` of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


PROCESS = HealthBoard()
"""The board that all gateways of this process share."""
