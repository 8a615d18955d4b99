"""What a model makes of a byte is learned once, not by each process anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import HumanMessage

from pointsman.models.calling.ratios import LearnedRatios, density_of
from pointsman.models.calling.tokens import weigh
from pointsman.models.requests import ModelRequest, Signals
from pointsman.stores.store import SqlStore
from pointsman.testing import Fault, Price, Reply, ScriptedGateway, TokenUsage

if TYPE_CHECKING:
    from .conftest import MakeGateway, MakeRun, MakeSettings

LONG = "the train runs on rails that are laid on sleepers in gravel by day and by night " * 20
ONE: list[dict[str, Any]] = [
    {"id": "first", "endpoint": "a", "prices": {"input": 40.0, "output": 400.0}}
]


def ask() -> ModelRequest:
    """Ask with a long text in plain English."""
    signals = Signals(data_class=(), role="chat", task_type="chat")
    return ModelRequest(signals=signals, messages=[HumanMessage(LONG)], max_output_tokens=64)


@pytest.mark.parametrize("honest", [True, False], ids=["credible", "not-credible"])
async def test_a_new_process_begins_with_what_was_learned(
    honest: bool,
    gateway: MakeGateway,
    settings: MakeSettings,
    run: MakeRun,
    store: SqlStore,
) -> None:
    """Its first reservation is as close as the last one before; lies are no lesson."""
    reply = Reply(text="Yes.")
    lie = Fault(kind="wrong_usage", usage=TokenUsage(input_tokens=1, output_tokens=1))
    with ScriptedGateway(
        {"first": lambda _: reply if honest else lie}, prices={"first": Price(input=40, output=400)}
    ) as server:
        before = gateway(settings({"a": server}, ONE), ratios=LearnedRatios())
        for number in range(5):
            await before.complete(ask(), run=run(f"r{number}", budget_usd=9.0), step="s")
        after = gateway(settings({"a": server}, ONE), ratios=LearnedRatios())
        await after.complete(ask(), run=run("new", budget_usd=9.0), step="s")

    [first] = await store.attempts.of_run("r0")
    [new] = await store.attempts.of_run("new")
    assert first.reserved_usd is not None
    assert new.reserved_usd is not None
    assert (new.reserved_usd < 0.7 * first.reserved_usd) == honest


def test_what_tells_too_little_is_no_lesson() -> None:
    """Short prompts and such with media teach nothing."""
    ratios = LearnedRatios()

    for _ in range(9):
        ratios.take("m", density_of(weigh([HumanMessage("Hi.")]), 1))

    assert ratios.ratio("m") == 1.0
