"""Forks and edited states: what a person allowed reaches no further there than in the first run."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pointsman.state.consent import Revocation

from .test_endorsements import SMALL, plan
from .test_endorsements import given as endorse
from .test_grants import given as grant
from .test_grants import plan as granted_plan
from .test_grants import used


async def forked(agent: Any, desk: Any, change: Any, *, to: str = "pay") -> list[Any]:
    """Go on from every moment before the payment with the plan changed; return what came of it."""
    outs: list[Any] = []
    moments = [one async for one in agent.aget_state_history(desk.at("t")) if one.next]
    for moment in moments:
        steps = (moment.values.get("plan") or {}).get("steps")
        if steps and to not in moment.values.get("results", {}):
            edited = copy.deepcopy(moment.values["plan"])
            change(edited["steps"][-1]["args"])
            at = await agent.aupdate_state(moment.config, {"plan": edited})
            outs.append(await agent.ainvoke(None, at))
    assert outs
    return outs


async def test_what_was_revoked_vouches_in_no_fork(desk: Any, w: Any) -> None:
    """The call that was made comes back; a new one of the same value asks."""
    agent = desk.agent(plan(w), policy=SMALL)
    one = await endorse(desk)
    assert not w.requests(await desk.ask(agent, "Pay whom mail 1 names"))
    await desk.store.endorsements.revoke(one.id, Revocation(by="local", at=desk.clock()))

    for out in await forked(agent, desk, lambda args: args.update(amount=2.0)):
        assert w.requests(out)

    assert [call["amount"] for call in desk.called("pay")] == [1.0]


async def test_a_value_that_is_spelt_alike_is_no_endorsed_one_in_a_fork(desk: Any, w: Any) -> None:
    """Upper case is another value, whoever made it so."""
    agent = desk.agent(plan(w), policy=SMALL)
    await endorse(desk)
    await desk.ask(agent, "Pay whom mail 1 names")

    outs = await forked(agent, desk, lambda args: args.update(to={"$expr": "mail.sender.upper()"}))

    assert all(map(w.requests, outs))
    assert len(desk.called("pay")) == 1


async def test_a_fork_from_before_it_was_given_pays_once(desk: Any, w: Any) -> None:
    """Endorsed while it waited: whichever moment it goes on from, one payment is made."""
    agent = desk.agent(plan(w), policy=SMALL)
    assert w.requests(await desk.ask(agent, "Pay whom mail 1 names"))
    await endorse(desk)

    moments = [one async for one in agent.aget_state_history(desk.at("t")) if one.next]
    for moment in moments:
        await agent.ainvoke(None, moment.config)

    assert len(moments) > 2
    assert len(desk.called("pay")) == 1


@pytest.mark.parametrize("uses", [1, 2])
async def test_another_call_in_a_fork_takes_another_use(desk: Any, w: Any, uses: int) -> None:
    """So many uses are so many over forks too: what is over asks."""
    agent = desk.agent(granted_plan(w))
    await grant(desk, uses=uses)
    await desk.ask(agent, "Pay ann 20")

    outs = await forked(agent, desk, lambda args: args.update(amount=21.0), to="p0")

    assert [bool(w.requests(out)) for out in outs] == [uses == 1] * len(outs)
    assert [call["amount"] for call in desk.called("pay")] == [20.0, 21.0][:uses]
    assert await used(desk) == [uses]


async def test_a_fork_does_not_extend_a_grant(desk: Any, w: Any) -> None:
    """Past its time the payment of then comes back, and another one asks."""
    agent = desk.agent(granted_plan(w))
    await grant(desk, uses=None, seconds=60)
    await desk.ask(agent, "Pay ann 20")
    desk.clock.now += 61
    moments = [one async for one in agent.aget_state_history(desk.at("t")) if one.next]

    for moment in moments:
        assert not w.requests(await agent.ainvoke(None, moment.config))
    for out in await forked(agent, desk, lambda args: args.update(amount=21.0), to="p0"):
        assert w.requests(out)

    assert [call["amount"] for call in desk.called("pay")] == [20.0]
