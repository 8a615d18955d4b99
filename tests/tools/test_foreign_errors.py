"""Whatever a tool raises, its call is settled and the process lives on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pointsman.errors import ConfigError
from pointsman.state.run import Run
from pointsman.stores import SqlStore
from pointsman.tools import tool


class Unspeakable(Exception):  # noqa: N818 - as programs name them
    """It cannot be made a text."""

    def __str__(self) -> str:
        raise RuntimeError


class Unaskable(Exception):  # noqa: N818
    """A property of it fails."""

    @property
    def response(self) -> Any:
        """Fail."""
        raise RuntimeError

    status_code = response


class Outside(BaseException):
    """No `Exception`."""


RAISED: list[Callable[[], BaseException]] = [
    Unspeakable,
    Unaskable,
    Outside,
    lambda: SystemExit(3),
    lambda: BaseExceptionGroup("several", [Outside()]),
    RecursionError,
    MemoryError,
    StopAsyncIteration,
    lambda: ValueError("half \ud83d"),
]


@pytest.mark.parametrize("marks", [(), ("already delivered",)], ids=["unmarked", "marked"])
@pytest.mark.parametrize("effect", ["money", "read"])
@pytest.mark.parametrize("threaded", [False, True], ids=["awaited", "in-a-thread"])
@pytest.mark.parametrize("raised", RAISED)
async def test_every_error_is_an_outcome(
    make_runner: Any,
    run: Run,
    store: SqlStore,
    raised: Any,
    threaded: bool,
    effect: Any,
    marks: Any,
) -> None:
    """Of a change nobody knows whether it happened; a reading has failed."""

    async def awaited() -> str:
        """Fail."""
        raise raised()

    def in_a_thread() -> str:
        """Fail."""
        raise raised()

    made = tool(effect=effect, name="act", max_attempts=1, nothing_happened=marks)
    runner = make_runner(made(in_a_thread if threaded else awaited))

    outcome = await runner.call("act", {}, run=run, step="s", attempt=1, timeout=None)

    [effect_of] = await store.effects.of_run(run.id)
    wanted = "unknown" if effect == "money" else "failed"
    assert (outcome.status, effect_of.state) == (wanted, wanted)


def test_a_business_key_names_an_argument(make_runner: Any) -> None:
    """Misspelt, every payment would have the same one."""

    @tool(effect="money", business_key=("invoce",))
    async def pay(invoice: str) -> str:
        """Pay."""
        return invoice

    with pytest.raises(ConfigError, match="no argument 'invoce'"):
        make_runner(pay)
