"""The circuit breaker and the board that all runs of a process share."""

from __future__ import annotations

import threading

import pytest

from pointsman.models.catalog.settings import BreakerSettings
from pointsman.models.failures.classes import AttemptFailure, FailureClass
from pointsman.models.routing.breaker import Breaker
from pointsman.models.routing.health import HealthBoard

KEY = ("http://a.test/v1", "m")
SETTINGS = BreakerSettings(failures=3, open_seconds=10.0)
DOWN = AttemptFailure(kind="overloaded")


def failed(breaker: Breaker, now: float, times: int = 1) -> Breaker:
    """The breaker after some failures."""
    for _ in range(times):
        breaker = breaker.fail(now, threshold=3, open_seconds=10.0)
    return breaker


def test_it_opens_after_failures_in_a_row() -> None:
    """A success in between starts the count again."""
    assert failed(failed(Breaker(), 0.0, 2).succeed(), 0.0, 2).state(0.0) == "closed"
    assert failed(Breaker(), 0.0, 3).state(0.0) == "open"


def test_after_its_rest_it_lets_one_probe_through() -> None:
    """While the probe is on its way nobody else passes; a lost probe does not block for ever."""
    resting = failed(Breaker(), 0.0, 3)
    assert resting.admit(9.9, probe_seconds=5.0) is None

    probing = resting.admit(10.0, probe_seconds=5.0)

    assert probing is not None
    assert probing.state(10.0) == "half_open"
    assert probing.admit(14.9, probe_seconds=5.0) is None
    assert probing.admit(15.0, probe_seconds=5.0) is not None


def test_the_probe_decides() -> None:
    """A probe that works closes it; one that fails opens it at once, and for longer."""
    probing = failed(Breaker(), 0.0, 3).admit(10.0, probe_seconds=5.0)
    assert probing is not None
    assert probing.succeed().state(10.0) == "closed"
    again = failed(probing, 10.0)
    assert again.state(29.9) == "open"
    assert again.state(30.0) == "half_open"


def test_an_abandoned_probe_makes_room_for_another() -> None:
    """A cancelled call says nothing about the endpoint."""
    probing = failed(Breaker(), 0.0, 3).admit(10.0, probe_seconds=60.0)
    assert probing is not None
    assert probing.abandon().admit(10.0, probe_seconds=60.0) is not None


def test_retry_after_rests_at_once_and_as_long_as_asked() -> None:
    """One 429 with `Retry-After` is enough."""
    board = HealthBoard()
    board.failed(KEY, AttemptFailure(kind="rate_limit", retry_after=42.0), SETTINGS, now=100.0)
    assert board.view(KEY, now=141.9).state == "open"
    assert board.view(KEY, now=142.0).state == "half_open"


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        pytest.param("refusal", "closed", id="a refusal"),
        pytest.param("bad_request", "closed", id="a bad request"),
        pytest.param("context_too_long", "closed", id="a long prompt"),
        pytest.param("malformed_output", "open", id="an error page"),
        pytest.param("timeout", "open", id="a timeout"),
    ],
)
def test_only_failures_of_the_endpoint_count(kind: FailureClass, state: str) -> None:
    """What is wrong with the request leaves the breaker alone."""
    board = HealthBoard()
    for _ in range(3):
        board.failed(KEY, AttemptFailure(kind=kind), SETTINGS, now=0.0)
    assert board.view(KEY, now=0.0).state == state


def test_one_probe_even_from_many_threads() -> None:
    """Of many threads that ask at once, exactly one is let through."""
    board = HealthBoard()
    for _ in range(3):
        board.failed(KEY, DOWN, SETTINGS, now=0.0)
    start = threading.Barrier(16)
    admitted: list[bool] = []

    def ask() -> None:
        start.wait()
        admitted.append(board.admit(KEY, now=10.0, probe_seconds=60.0))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(admitted) == 1


def test_latencies_are_remembered_per_model() -> None:
    """Percentiles come from successful calls, once there are enough of them."""
    board = HealthBoard()
    for milliseconds in range(1, 101):
        board.succeeded(KEY, seconds=milliseconds / 1000)
    view = board.view(KEY, now=0.0)
    assert view.p50 == pytest.approx(0.051)
    assert view.p95 == pytest.approx(0.096)
    assert board.latency(KEY, 0.5, min_samples=101) is None
    assert board.view(("http://b.test/v1", "m"), now=0.0).p50 is None
