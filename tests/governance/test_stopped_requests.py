"""A run that has stopped asks nobody for anything any more."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.errors import DecisionError


async def stopped_with_one_undecided(desk: Any, w: Any) -> tuple[Any, str]:
    """Have two payments wait, let one of them be approved, and pause the agent before it runs."""
    agent = desk.agent(
        w.plan(
            w.step("ann", "pay", to="ann", amount=100.0),
            w.step("bob", "pay", to="bob", amount=200.0),
        )
    )
    [ann, bob] = w.requests(await desk.ask(agent, "Pay ann 100 and bob 200"))
    await desk.decide(agent, ann["id"], w.APPROVE, "bea")
    await desk.switch("pause", reason="incident 7")
    return await desk.go_on(agent), bob["id"]


async def test_a_hard_stop_withdraws_what_is_undecided(desk: Any, w: Any) -> None:
    """It is in no list, the thread waits for nobody, and the trace says why."""
    out, bob = await stopped_with_one_undecided(desk, w)

    assert out["stop"]["reason"] == "paused"
    assert "__interrupt__" not in out
    assert await desk.store.approvals.waiting() == []
    record = await desk.store.approvals.get(bob)
    assert record.status == "withdrawn"
    assert "incident 7" in out["results"]["bob"]["failure"]["message"]
    entries = await desk.store.audit.entries()
    assert any(e.kind == "approval_withdrawn" for e in entries)
    assert not desk.calls


async def test_the_user_hears_that_it_was_not_done(desk: Any, w: Any) -> None:
    """In plain words: the operator's reason stands in the report alone."""
    out, _ = await stopped_with_one_undecided(desk, w)

    assert "Withdrawn, and not done: Pay." in out["answer"]["text"]
    assert "incident" not in out["answer"]["text"]
    assert "incident 7" in str(out["answer"]["report"])


async def test_a_decision_that_comes_later_is_refused(desk: Any, w: Any) -> None:
    """Whoever still has the page open approves nothing."""
    _, bob = await stopped_with_one_undecided(desk, w)

    with pytest.raises(DecisionError, match="withdrawn"):
        await desk.decide(None, bob, w.APPROVE, "bea")
    assert not desk.calls
