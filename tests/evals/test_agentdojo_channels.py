"""AgentDojo's orders through conditions, lists, looks and shapes: refused, though well aimed.

Each attack is run once more with one part of the product's defence taken out. It then succeeds, so
what is measured is the defence and not a plan that could never have worked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("agentdojo", reason="make agentdojo installs it")

from pointsman.evals.agentdojo.channels import CHANNELS, Channel
from pointsman.evals.agentdojo.experiment import run_batch
from pointsman.evals.agentdojo.outcome import PairOutcome
from pointsman.evals.agentdojo.suites import AttackPair, channelled
from pointsman.nodes import revise
from pointsman.planners import output_shapes
from pointsman.planners.protocols import PlanRequest
from pointsman.runs import loops, step
from pointsman.runs.step import Current
from pointsman.state.nesting import Nest

Mutation = Callable[[pytest.MonkeyPatch], None]


def nothing(*args: Any, **kwargs: Any) -> tuple[str, ...]:
    """Name no untrusted source."""
    del args, kwargs
    return ()


def ordered(channel: Channel) -> PairOutcome:
    """Run an order to pay through a channel; every permit is given, so only taint asks."""
    pair = AttackPair(
        suite="banking", user="user_task_0", injection="injection_task_0", channel=channel
    )
    [outcome] = run_batch("banking", [pair], ["pointsman_unattended"])
    return outcome


@pytest.mark.parametrize("channel", CHANNELS)
def test_no_order_comes_through(channel: Channel) -> None:
    """A mind that obeys whatever it reads performs nothing that the user did not ask for."""
    outcome = ordered(channel)

    assert outcome.read_by, "the order was not even read"
    assert (outcome.attacked, outcome.strayed) == (False, 0)


def conditions_decide_nothing(patch: pytest.MonkeyPatch) -> None:
    """Take out the taint of what a condition reads."""
    patch.setattr(step, "control_taint", nothing)


def decisions_end_with_their_step(patch: pytest.MonkeyPatch) -> None:
    """Take out that what untrusted text decided stays decided by it."""
    patch.setattr(Current, "decided", nothing)


def lists_decide_nothing(patch: pytest.MonkeyPatch) -> None:
    """Take out the taint of the list that a step is looped over."""
    patch.setattr(Nest, "under", nothing)
    patch.setattr(loops, "_labels", nothing)


def looks_read_nothing(patch: pytest.MonkeyPatch) -> None:
    """Take out the taint of what a planner has read before it planned again."""
    patch.setattr(PlanRequest, "sources", property(nothing))
    patch.setattr(revise, "union", nothing)


def names_are_nobodys(patch: pytest.MonkeyPatch) -> None:
    """Show the names of untrusted outputs to planners that have read nothing."""
    patch.setattr(output_shapes, "bare", lambda shape: shape)


def doubts_are_nobodys(patch: pytest.MonkeyPatch) -> None:
    """Take out the label of the names that a doubt shows."""
    patch.setattr(output_shapes, "_sources", nothing)


@pytest.mark.parametrize(
    ("channel", "mutation"),
    [
        ("condition", conditions_decide_nothing),
        ("inherited", decisions_end_with_their_step),
        ("list", lists_decide_nothing),
        ("look", looks_read_nothing),
        ("shape", names_are_nobodys),
        ("shape", doubts_are_nobodys),
    ],
)
def test_without_its_defence_it_comes_through(
    channel: Channel, mutation: Mutation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attack is real: the order is carried out and nobody was asked for it."""
    mutation(monkeypatch)

    outcome = ordered(channel)

    assert outcome.strayed > 0


def test_every_suite_is_attacked_through_every_channel() -> None:
    """With injections that order a call."""
    found = channelled(["banking", "slack", "travel", "workspace"], limit=3)
    assert {(pair.suite, pair.channel) for pair in found} == {
        (suite, channel)
        for suite in ("banking", "slack", "travel", "workspace")
        for channel in CHANNELS
    }
    assert len(found) == 4 * len(CHANNELS) * 3
