"""The switchboard over a real store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from pointsman.errors import StoreError
from pointsman.policy.switches import SwitchBoard, SwitchState
from pointsman.state.run import Principal
from pointsman.stores import open_store
from pointsman.stores.records import Switch


class Clock:
    """Seconds that pass when told to."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


async def test_a_switch_is_effective_within_a_second(tmp_path: Path) -> None:
    """What another process switches off is seen as soon as the cache is a second old."""
    clock = Clock()
    async with open_store(tmp_path / "s.db") as here, open_store(tmp_path / "s.db") as there:
        board = SwitchBoard(here.switches, clock=clock)
        assert (await board.snapshot()).paused() is None

        await there.switches.set(Switch(kind="pause", reason="incident"))
        clock.now = 0.99
        assert (await board.snapshot()).paused() is None
        clock.now = 1.0
        paused = (await board.snapshot()).paused()

        assert paused is not None
        assert paused.reason == "incident"
        await there.switches.clear("pause")
        assert (await board.refresh()).paused() is None


def test_one_board_serves_several_event_loops(tmp_path: Path) -> None:
    """Nothing in it belongs to the loop that used it first."""
    store = open_store(tmp_path / "s.db")
    board = SwitchBoard(store.switches, max_age_seconds=0)

    asyncio.run(store.switches.set(Switch(kind="freeze_tool", target="refund")))
    states = [asyncio.run(board.snapshot()) for _ in range(2)]
    store.close_now()

    assert all(state.frozen_tool("refund") for state in states)


@pytest.mark.parametrize(
    ("switch", "question"),
    [
        (Switch(kind="freeze_tool", target="refund"), lambda s: s.frozen_tool("refund")),
        (Switch(kind="freeze_tool", target="*"), lambda s: s.frozen_tool("refund")),
        (Switch(kind="revoke_principal", target="bob"), lambda s: s.revoked("bob")),
        (Switch(kind="revoke_principal", target="bob"), lambda s: s.revoked(Principal(id="bob"))),
        (Switch(kind="revoke_token", target="j"), lambda s: s.revoked_token("j")),
        (Switch(kind="pause"), SwitchState.paused),
    ],
)
def test_a_switch_is_found_by_what_it_is_about(switch: Switch, question) -> None:
    """Each question finds its own switch, and no switch of another kind or target."""
    others = SwitchState(
        switches=(
            Switch(kind="freeze_tool", target="other"),
            Switch(kind="freeze_endpoint", target="refund"),
            Switch(kind="revoke_token", target="bob"),
        )
    )

    assert question(SwitchState(switches=(switch,))) == switch
    assert question(others) is None


class Silent:
    """A store that never readings."""

    async def active(self) -> Sequence[Switch]:
        """Wait for ever."""
        await asyncio.Event().wait()
        return ()


async def test_a_silent_store_is_an_error() -> None:
    """Nobody goes on because the switches could not be read."""
    board = SwitchBoard(Silent(), timeout_seconds=0.01)  # type: ignore[arg-type]

    with pytest.raises(StoreError, match="No answer"):
        await board.snapshot()


async def test_a_slow_reader_does_not_bring_back_the_past() -> None:
    """A reading that was asked for earlier does not replace a newer one."""
    clock, first_may_end = Clock(), asyncio.Event()
    readings: list[list[Switch]] = [[], [Switch(kind="pause")]]

    class Slow:
        async def active(self) -> Sequence[Switch]:
            reading = readings.pop(0)
            if not reading:
                await first_may_end.wait()
            return reading

    board = SwitchBoard(Slow(), clock=clock)  # type: ignore[arg-type]
    slow = asyncio.create_task(board.snapshot())
    await asyncio.sleep(0)
    clock.now = 0.5
    await board.snapshot()
    first_may_end.set()
    await slow

    assert (await board.snapshot()).paused() is not None


class CountedSwitches:
    """Switches that count how often they are read, and take a moment."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.reads = 0
        self._failure = failure

    async def active(self) -> list[Switch]:
        """Return none, or fail."""
        self.reads += 1
        await asyncio.sleep(0.01)
        if self._failure is not None:
            raise self._failure
        return []


async def test_lanes_that_begin_at_once_ask_together() -> None:
    """A hundred steps cost one trip to the store, not a hundred."""
    switches = CountedSwitches()
    board = SwitchBoard(switches)  # type: ignore[arg-type]

    await asyncio.gather(*(board.snapshot() for _ in range(100)))

    assert switches.reads == 1


async def test_who_asks_together_fails_together() -> None:
    """A store that cannot be asked is an error for each of them, and the next one asks again."""
    switches = CountedSwitches(StoreError("It is gone."))
    board = SwitchBoard(switches)  # type: ignore[arg-type]

    ended = await asyncio.gather(*(board.snapshot() for _ in range(9)), return_exceptions=True)

    assert [type(error) for error in ended] == [StoreError] * 9
    assert switches.reads == 1
    with pytest.raises(StoreError):
        await board.snapshot()
