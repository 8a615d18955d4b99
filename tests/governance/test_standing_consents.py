"""What a person allowed beforehand, over waits, forks and changes of policy: judged at each use."""

from __future__ import annotations

from typing import Any

import pytest

from .test_endorsements import SMALL
from .test_endorsements import given as endorse
from .test_grants import given as grant
from .test_grants import plan, used

NOBODY = """@id("nobody") @reason("Nobody approves payments today.")
    forbid (principal, action == Action::"approve", resource)
    when { resource.effect == "money" };"""


def after_a_wire(w: Any) -> Any:
    """Pay ann once something else was approved."""
    return w.plan(
        w.step("w", "wire", to="bob", amount=5.0),
        w.step("p", "pay", to="ann", amount=20.0, after=["w"]),
    )


@pytest.mark.parametrize(("waited", "asks"), [(50, False), (61, True)])
async def test_a_grant_that_expires_while_a_run_waits_covers_it_no_more(
    desk: Any, w: Any, waited: float, asks: bool
) -> None:
    """The time of the call counts, not that of the plan."""
    agent = desk.agent(after_a_wire(w))
    await grant(desk, uses=None, seconds=60)
    await desk.ask(agent, "Wire bob 5 and pay ann 20")
    desk.clock.now += waited

    out = await desk.resume(agent, w.APPROVE)

    assert [request["step"] for request in w.requests(out)] == (["p"] if asks else [])
    assert len(desk.called("pay")) == (0 if asks else 1)


@pytest.mark.parametrize(("waited", "asks"), [(50, False), (61, True)])
async def test_an_endorsement_that_expires_while_a_run_waits_vouches_no_more(
    desk: Any, w: Any, waited: float, asks: bool
) -> None:
    """The value was known when the plan was made, and nobody vouches for it now."""
    pay = w.step("p", "pay", to=w.ref("mail", "sender"), amount=1.0, after=["w"])
    mail = w.step("mail", "read_mail", item="1")
    agent = desk.agent(w.plan(mail, w.step("w", "wire", to="bob", amount=60.0), pay), policy=SMALL)
    await endorse(desk, seconds=60)
    await desk.ask(agent, "Wire bob 60 and pay whom mail 1 names")
    desk.clock.now += waited

    out = await desk.resume(agent, w.APPROVE)

    assert [request["step"] for request in w.requests(out)] == (["p"] if asks else [])


async def test_a_fork_takes_no_second_use(desk: Any, w: Any) -> None:
    """Gone back to any moment of the run, the payment is the one that was made."""
    agent = desk.agent(plan(w))
    await grant(desk, uses=3)
    await desk.ask(agent, "Pay ann 20")
    moments = [one async for one in agent.aget_state_history(desk.at("t")) if one.next]

    for moment in moments:
        await agent.ainvoke(None, moment.config)

    assert len(moments) > 2
    assert len(desk.called("pay")) == 1
    assert await used(desk) == [1]


@pytest.mark.parametrize("kind", ["grant", "endorsement"])
async def test_a_change_of_policy_voids_what_was_allowed(desk: Any, w: Any, kind: str) -> None:
    """Who may not approve the call now has allowed nothing of it."""
    mail = w.step("mail", "read_mail", item="1")
    tainted = w.plan(mail, w.step("pay", "pay", to=w.ref("mail", "sender"), amount=1.0))
    plans = [plan(w)] if kind == "grant" else [tainted]
    desk.agent(*plans)
    await (grant(desk) if kind == "grant" else endorse(desk))
    before = "" if kind == "grant" else SMALL
    assert not w.requests(await desk.ask(desk.agent(*plans, policy=before), "Pay", thread="t1"))

    later = desk.agent(*plans, policy=before + NOBODY)

    assert w.requests(await desk.ask(later, "Pay once more", thread="t2"))
    assert len(desk.called("pay")) == 1
