"""Budgets: reserved before, settled after, refused with the name of the cap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import BudgetExceededError, ConfigError
from pointsman.models.calling.budget import Budget, Need, affordable_output, caps_for
from pointsman.models.catalog.prices import ModelPrice, Tariff
from pointsman.models.catalog.settings import BudgetSettings
from pointsman.models.routing.router import SpendLeft
from pointsman.state.run import Limits, Principal, Run
from pointsman.stores.records import Cap
from pointsman.stores.store import SqlStore

TARIFF = Tariff(input=1.0, output=10.0)
DAY = 1_764_000_000.0


def need(
    *, price: ModelPrice | None = TARIFF, inward: int = 1_000, outward: int = 1_000, least: int = 32
) -> Need:
    """What one attempt may use."""
    return Need(
        model="m@a",
        price=price,
        input_tokens=inward,
        output_tokens=outward,
        min_output_tokens=least,
        at=DAY,
        expires_at=4e9,
    )


def test_caps_come_from_the_run_and_the_settings() -> None:
    """The tighter of both holds, the narrowest scope comes first, and no cap means no entry."""
    run = Run(
        id="r",
        thread_id="t",
        started_at=DAY,
        principal=Principal(id="ann"),
        limits=Limits(budget_usd=0.5),
    )
    settings = BudgetSettings.model_validate(
        {"run": {"usd": 0.7, "tokens": 900}, "step": {"tokens": 100}, "day": {"usd": 9}}
    )

    caps = caps_for(run, "s1", settings, now=DAY)

    assert [(c.scope, c.key, c.usd, c.tokens) for c in caps] == [
        ("step", "r/s1", None, 100),
        ("run", "r", 0.5, 900),
        ("day", "2025-11-24", 9.0, None),
    ]
    assert not caps_for(Run(id="r", started_at=0), "s1", BudgetSettings(), now=DAY)


@given(usd=st.floats(0, 0.05), inward=st.integers(0, 5_000), outward=st.integers(0, 5_000))
def test_the_affordable_output_is_the_largest_that_fits(
    usd: float, inward: int, outward: int
) -> None:
    """One token more would not fit, or was not asked for."""
    asked = need(inward=inward, outward=outward)

    found = affordable_output(asked, SpendLeft(usd=usd))

    assert 0 <= found <= outward
    if found:
        assert TARIFF.ceiling(inward, found, at=DAY) <= usd
    if found < outward:
        assert TARIFF.ceiling(inward, found + 1, at=DAY) > usd


async def test_the_output_limit_shrinks_when_little_is_left(store: SqlStore) -> None:
    """What is granted costs at most what the cap leaves."""
    budget = Budget(store.budgets)
    cap = Cap(scope="run", key="r", usd=0.006)

    granted = await budget.reserve(need(), [cap])

    assert granted.output_tokens == 500
    assert granted.usd == pytest.approx(0.006)
    assert (await budget.left([cap])).usd == pytest.approx(0.0)


async def test_nothing_useful_left_is_refused_with_the_cap_s_name(store: SqlStore) -> None:
    """The refusal names the cap, and leaves nothing reserved."""
    caps = [Cap(scope="run", key="r", usd=9.0), Cap(scope="day", key="2025-11-24", usd=0.0011)]

    with pytest.raises(BudgetExceededError, match="day 2025-11-24") as caught:
        await Budget(store.budgets).reserve(need(), caps)

    assert caught.value.where == "budget day 2025-11-24"
    assert (await store.budgets.balance("run", "r")).reserved_usd == pytest.approx(0.0)


async def test_tokens_are_capped_too(store: SqlStore) -> None:
    """A token cap shrinks the output like a money cap, without any price."""
    granted = await Budget(store.budgets).reserve(
        need(price=None), [Cap(scope="thread", key="t", tokens=1_100)]
    )
    assert granted.output_tokens == 100
    assert granted.usd is None


async def test_an_unknown_price_under_a_money_cap_names_the_model(store: SqlStore) -> None:
    """A cap that cannot be computed is a configuration error, not a free call."""
    with pytest.raises(ConfigError, match="m@a"):
        await Budget(store.budgets).reserve(need(price=None), [Cap(scope="run", key="r", usd=1.0)])


async def test_settling_replaces_the_reservation(store: SqlStore) -> None:
    """What was used counts, what was held beyond it is free again."""
    budget = Budget(store.budgets)
    cap = Cap(scope="run", key="r", usd=1.0)
    granted = await budget.reserve(need(), [cap])

    await budget.settle(granted, usd=0.002, tokens=120)
    await budget.settle(granted, usd=0.9, tokens=999)

    balance = await store.budgets.balance("run", "r")
    assert balance.spent_usd == pytest.approx(0.002)
    assert balance.spent_tokens == 120
    assert balance.reserved_usd == pytest.approx(0.0)
