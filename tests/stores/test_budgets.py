"""The cap holds, and every billionth is accounted for."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from pointsman.errors import StoreError
from pointsman.stores import SqlStore, open_store
from pointsman.stores.records import Balance, Cap

from .conftest import Clock

RUN = Cap(scope="run", key="r", usd=1.0, tokens=1000)
DAY = Cap(scope="day", key="2026-11-23", usd=1.5)


async def reserve(
    store: SqlStore, name: str, *caps: Cap, usd: float = 0.0, tokens: int = 0
) -> Cap | None:
    """Reserve until 1060 seconds."""
    return await store.budgets.reserve(name, caps, usd=usd, tokens=tokens, expires_at=1060.0)


async def balance(store: SqlStore, cap: Cap = RUN) -> Balance:
    """Return a cap's balance."""
    return await store.budgets.balance(cap.scope, cap.key)


async def test_reservation_holds_room_until_settled(store: SqlStore) -> None:
    """What is reserved counts against the cap; what was used replaces it."""
    assert await reserve(store, "a", RUN, usd=0.7, tokens=600) is None
    assert await reserve(store, "b", RUN, usd=0.31) == RUN
    assert await reserve(store, "b", RUN, tokens=401) == RUN
    assert await balance(store) == Balance(reserved_usd=0.7, reserved_tokens=600)

    await store.budgets.settle("a", usd=0.2, tokens=100)

    assert await balance(store) == Balance(spent_usd=0.2, spent_tokens=100)
    assert await reserve(store, "b", RUN, usd=0.8, tokens=900) is None


async def test_reservation_is_all_or_none(store: SqlStore) -> None:
    """A cap that refuses leaves the others untouched; the first in the caller's order is named."""
    small = Cap(scope="step", key="r/s1", usd=0.1)
    least = Cap(scope="principal", key="ann", tokens=0)

    assert await reserve(store, "a", RUN, small, DAY, least, usd=0.5, tokens=1) == small

    for cap in (RUN, small, DAY, least):
        assert await balance(store, cap) == Balance()


async def test_release_gives_back(store: SqlStore) -> None:
    """A released reservation leaves nothing behind, and releasing again changes nothing."""
    await reserve(store, "a", RUN, DAY, usd=0.5, tokens=10)

    for _ in range(2):
        await store.budgets.release("a")

    assert await balance(store) == await balance(store, DAY) == Balance()


async def test_settling_twice_changes_nothing(store: SqlStore) -> None:
    """Only the first end of a reservation counts; an unknown one has no effect."""
    await reserve(store, "a", RUN, usd=0.5)
    await store.budgets.settle("a", usd=0.1, tokens=1)
    await store.budgets.settle("a", usd=0.4, tokens=4)
    await store.budgets.release("a")
    await store.budgets.settle("never", usd=0.4, tokens=4)

    assert await balance(store) == Balance(spent_usd=0.1, spent_tokens=1)


async def test_reserving_twice_holds_once(store: SqlStore) -> None:
    """A repeated reservation is the same reservation."""
    for _ in range(2):
        assert await reserve(store, "a", RUN, usd=0.6) is None

    assert await balance(store) == Balance(reserved_usd=0.6)


async def test_two_limits_on_one_account_are_one_reservation(store: SqlStore) -> None:
    """The tighter of two limits decides, and the money is counted once."""
    tight = Cap(scope="run", key="r", usd=0.5)

    assert await reserve(store, "a", RUN, tight, usd=0.6) == tight
    assert await reserve(store, "a", RUN, tight, usd=0.5) is None
    assert await balance(store) == Balance(reserved_usd=0.5)


async def test_overrun_is_recorded_as_it_is(store: SqlStore) -> None:
    """A bill above the reservation is written down, and closes the cap."""
    await reserve(store, "a", RUN, usd=0.9)
    await store.budgets.settle("a", usd=1.2, tokens=0)

    assert await balance(store) == Balance(spent_usd=1.2)
    assert await reserve(store, "b", RUN, usd=0.0) == RUN


async def test_expired_reservation_counts_as_spent(store: SqlStore, clock: Clock) -> None:
    """What a dead process reserved may have been billed, so it is not free."""
    await reserve(store, "a", RUN, usd=0.7, tokens=5)
    clock.now = 1060.0

    assert await reserve(store, "b", RUN, usd=0.4) == RUN
    assert await balance(store) == Balance(spent_usd=0.7, spent_tokens=5)


async def test_late_end_corrects_an_expired_reservation(store: SqlStore, clock: Clock) -> None:
    """A settlement after expiry replaces the estimate, a release takes it away, and each once."""
    await reserve(store, "a", RUN, usd=0.7)
    await reserve(store, "b", RUN, usd=0.2)
    clock.now = 1060.0
    for _ in range(2):
        assert await reserve(store, "c", RUN, usd=1.0) == RUN
        assert await balance(store) == Balance(spent_usd=0.9)

    await store.budgets.settle("a", usd=0.3, tokens=3)
    await store.budgets.release("b")

    assert await balance(store) == Balance(spent_usd=0.3, spent_tokens=3)


async def test_tiny_amounts_add_up_exactly(store: SqlStore) -> None:
    """A thousandth of a cent, a hundred times, is a tenth of a cent; floats would drift."""
    for number in range(100):
        await reserve(store, str(number), RUN, usd=0.00001)
        await store.budgets.settle(str(number), usd=0.00001, tokens=0)

    assert (await balance(store)).spent_usd == 0.001


async def test_reservation_is_rounded_up(store: SqlStore) -> None:
    """Less than a billionth of a dollar still takes room."""
    await reserve(store, "a", RUN, usd=1e-12)

    assert (await balance(store)).reserved_usd == 1e-9


@pytest.mark.parametrize("usd", [-0.1, float("nan"), float("inf")])
async def test_what_is_no_amount_is_refused(store: SqlStore, usd: float) -> None:
    """A negative or undefined amount would open the cap."""
    with pytest.raises(StoreError, match="not an amount of money"):
        await reserve(store, "a", RUN, usd=usd)
    with pytest.raises(StoreError, match="no number of tokens"):
        await reserve(store, "a", RUN, tokens=-1)


@pytest.mark.parametrize("limit", [1e10, 1e30, 1e308])
async def test_a_cap_larger_than_can_be_counted_holds_like_the_largest(
    store: SqlStore, limit: float
) -> None:
    """People write one for "no limit"."""
    cap = Cap(scope=RUN.scope, key=RUN.key, usd=limit, tokens=int(limit))

    assert await reserve(store, "a", cap, usd=1.0, tokens=5) is None
    assert (await balance(store)).reserved_usd == 1.0


@pytest.mark.parametrize(("usd", "tokens"), [(1e10, 0), (1e308, 0), (0.0, 10**20)])
async def test_a_reservation_larger_than_can_be_counted_is_refused(
    store: SqlStore, usd: float, tokens: int
) -> None:
    """In the same words on each database, and nothing of it is kept."""
    with pytest.raises(StoreError, match="more than can be counted"):
        await reserve(store, "a", RUN, usd=usd, tokens=tokens)

    assert (await balance(store)).reserved_tokens == 0


async def test_rivals_never_pass_the_cap(store: SqlStore, url: str, clock: Clock) -> None:
    """Of reservations made at once through two pools, as many are granted as fit."""
    async with open_store(url, clock=clock) as other:
        answers = await asyncio.gather(
            *(
                reserve(rival, f"{name}{number}", RUN, DAY, usd=0.1)
                for number in range(10)
                for name, rival in (("a", store), ("b", other))
            )
        )

    assert answers.count(None) == 10
    assert await balance(store) == await balance(store, DAY) == Balance(reserved_usd=1.0)


WORKER = """
import asyncio, random, sys
from pointsman.stores import open_store
from pointsman.stores.records import Cap

async def main(path, name):
    dice = random.Random(name)
    caps = [Cap(scope="day", key="d", usd=1.0), Cap(scope="run", key=name, usd=0.6)]
    spent = 0
    async with open_store(path) as store:
        async def attempt(number):
            nonlocal spent
            nano = dice.randrange(1, 30_000_000)
            held = f"{name}-{number}"
            if await store.budgets.reserve(
                held, caps, usd=nano / 1e9, tokens=1, expires_at=4e9
            ):
                return
            if dice.random() < 0.3:
                return await store.budgets.release(held)
            used = dice.randrange(nano + 1)
            await store.budgets.settle(held, usd=used / 1e9, tokens=1)
            spent += used
            balance = await store.budgets.balance("day", "d")
            assert balance.spent_usd + balance.reserved_usd <= 1.0, balance
        for group in range(6):
            await asyncio.gather(*(attempt(10 * group + n) for n in range(10)))
    print(spent)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_processes_share_one_cap(store: SqlStore, url: str) -> None:
    """Processes that spend from one cap never pass it, and its sum is theirs to the last bit."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, url, f"w{number}"], stdout=subprocess.PIPE, text=True
        )
        for number in range(3)
    ]
    printed = [process.communicate(timeout=100)[0] for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0]
    day = await store.budgets.balance("day", "d")
    total = sum(int(text) for text in printed)
    assert round(day.spent_usd * 1e9) == total
    assert day.spent_usd <= 1.0
    assert (day.reserved_usd, day.reserved_tokens) == (0.0, 0)


class Spending(RuleBasedStateMachine):
    """Reservations in any order against a plain account of what they should do."""

    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.runner = asyncio.Runner()
        self.store = open_store(Path(self.folder.name) / "s.db", clock=self.clock)
        self.cap = Cap(scope="run", key="r", usd=0.001)
        self.room = Fraction(1, 1000)
        self.spent = Fraction(0)
        self.reserved: dict[str, Fraction] = {}
        self.lapsed: dict[str, Fraction] = {}
        self.expiry: dict[str, float] = {}
        self.count = 0

    @rule(target=held, nano=st.integers(0, 600_000), seconds=st.integers(1, 50))
    def reserve(self, nano: int, seconds: int) -> object:
        """Reserve an amount: granted exactly if it fits."""
        self.count += 1
        name = str(self.count)
        expires_at = self.clock.now + seconds
        refused = self.runner.run(
            self.store.budgets.reserve(
                name, [self.cap], usd=nano / 1e9, tokens=nano, expires_at=expires_at
            )
        )
        self._lapse()
        amount = Fraction(nano, 10**9)
        fits = self.spent + sum(self.reserved.values()) + amount <= self.room
        assert (refused is None) == fits
        if refused:
            return multiple()
        self.reserved[name] = amount
        self.expiry[name] = expires_at
        return name

    def _lapse(self) -> None:
        for name in [n for n in self.reserved if self.expiry[n] <= self.clock.now]:
            self.lapsed[name] = self.reserved.pop(name)
            self.spent += self.lapsed[name]

    @rule(name=held, share=st.fractions(0, 1, max_denominator=100))
    def settle(self, name: str, share: Fraction) -> None:
        """Settle at a part of what was reserved."""
        if name in self.reserved or name in self.lapsed:
            whole = self.reserved.get(name) or self.lapsed.get(name) or Fraction(0)
            used = int(whole * share * 10**9)
            self._end(name, Fraction(used, 10**9))
        else:
            used = 77
        self.runner.run(self.store.budgets.settle(name, usd=used / 1e9, tokens=used))

    @rule(name=held)
    def release(self, name: str) -> None:
        """Release, whatever it was before."""
        self._end(name, Fraction(0))
        self.runner.run(self.store.budgets.release(name))

    def _end(self, name: str, used: Fraction) -> None:
        if name in self.reserved:
            del self.reserved[name]
            self.spent += used
        elif name in self.lapsed:
            self.spent += used - self.lapsed.pop(name)

    @rule(seconds=st.integers(1, 40))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.now += seconds

    @invariant()
    def sums_are_exact_and_under_the_cap(self) -> None:
        """Spent and reserved are what the plain account says, and fit."""
        found = self.runner.run(self.store.budgets.balance("run", "r"))
        nano = Fraction(round(found.spent_usd * 1e9), 10**9)
        held = Fraction(round(found.reserved_usd * 1e9), 10**9)
        assert (nano, held) == (self.spent, sum(self.reserved.values()))
        assert (found.spent_tokens, found.reserved_tokens) == (nano * 10**9, held * 10**9)
        assert nano + held <= self.room

    def teardown(self) -> None:
        """Close everything."""
        self.store.close_now()
        self.runner.close()
        self.folder.cleanup()


TestSpending = Spending.TestCase
TestSpending.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)
