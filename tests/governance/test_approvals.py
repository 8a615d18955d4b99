"""Approvals over the whole graph: what was approved is what runs."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.errors import DecisionError

PAY = {"to": "ann", "amount": 100.0}

TWO_PEOPLE = """
@id("two-people") @quorum("2")
permit (principal, action == Action::"call", resource) when { resource.effect == "money" };
"""

LARGE_NEEDS_TWO = """
@id("large-sums") @reason("Large sums need two people.") @quorum("2") @expires("900")
permit (principal, action == Action::"call", resource)
when { context has amountCents && context.amountCents > 100000 };
"""

QUICK = """
@id("quick") @expires("60")
permit (principal, action == Action::"call", resource) when { resource.effect == "money" };
"""


async def test_an_approval_that_came_too_late_is_asked_anew(desk: Any, w: Any) -> None:
    """The late decision runs nothing; the new request can be approved."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), policy=QUICK)
    [first] = w.requests(await desk.ask(agent, "Pay ann 100"))
    desk.clock.now += 61

    [second] = w.requests(await desk.resume(agent, w.APPROVE))

    assert not desk.calls
    assert second["id"] != first["id"]
    await desk.resume(agent, w.APPROVE)
    assert desk.called("pay") == [PAY]


async def test_an_approval_that_lapsed_before_execution_is_asked_anew(desk: Any, w: Any) -> None:
    """Approved in time, resumed too late: the person is asked again, once."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), policy=QUICK)
    [first] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.decide(agent, first["id"], w.APPROVE, "bea")
    desk.clock.now += 61

    out = await desk.go_on(agent)

    [second] = w.requests(out)
    assert not desk.calls
    assert second["id"] != first["id"]
    await desk.resume(agent, w.APPROVE)
    assert desk.called("pay") == [PAY]


async def test_a_withdrawn_approval_is_asked_anew(desk: Any, w: Any) -> None:
    """Recorded, taken back, resumed: nothing runs before somebody agrees again."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)))
    [first] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.decide(agent, first["id"], w.APPROVE, "bea")
    await desk.store.approvals.withdraw(first["id"], "second thoughts")

    [second] = w.requests(await desk.go_on(agent))

    assert not desk.calls
    await desk.decide(agent, second["id"], w.APPROVE, "bea")
    await desk.go_on(agent)
    assert desk.called("pay") == [PAY]


async def test_a_quorum_of_two_needs_two_people(desk: Any, w: Any) -> None:
    """One approval leaves the thread waiting; the second lets the call run."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), policy=TWO_PEOPLE)
    [request] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.decide(agent, request["id"], w.APPROVE, "bea")

    assert w.requests(await desk.go_on(agent)) == [request]
    assert not desk.calls

    await desk.decide(agent, request["id"], w.APPROVE, "carl")
    await desk.go_on(agent)
    assert desk.called("pay") == [PAY]


async def test_the_same_person_twice_is_one_person(desk: Any, w: Any) -> None:
    """The second approval is refused and counts for nothing."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), policy=TWO_PEOPLE)
    [request] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.decide(agent, request["id"], w.APPROVE, "bea")

    with pytest.raises(DecisionError, match="decided on it before"):
        await desk.decide(agent, request["id"], w.APPROVE, "bea")

    await desk.go_on(agent)
    assert not desk.calls


async def test_names_without_a_credential_are_one_person(desk: Any, w: Any) -> None:
    """Two approvals over the wire, neither authenticated, never make a quorum."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), policy=TWO_PEOPLE)
    await desk.ask(agent, "Pay ann 100")

    outs = [await desk.resume(agent, w.APPROVE) for _ in range(3)]

    assert w.requests(outs[-1])
    assert not desk.calls


async def test_an_edit_under_a_quorum_waits_for_a_second_person(desk: Any, w: Any) -> None:
    """The editor's consent is one; what runs is the edit that both agreed to."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), policy=TWO_PEOPLE)
    [first] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.decide(agent, first["id"], w.edit(to="ann", amount=60.0), "bea")

    [second] = w.requests(await desk.go_on(agent))

    assert second["args"] == {"to": "ann", "amount": 60.0}
    assert not desk.calls
    await desk.decide(agent, second["id"], w.APPROVE, "carl")
    await desk.go_on(agent)
    assert desk.called("pay") == [{"to": "ann", "amount": 60.0}]


async def test_two_editors_who_disagree_are_both_heard(desk: Any, w: Any) -> None:
    """An edit back to the first arguments is one more action with one consent."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), policy=TWO_PEOPLE)
    [first] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.decide(agent, first["id"], w.edit(to="ann", amount=60.0), "bea")
    [second] = w.requests(await desk.go_on(agent))
    await desk.decide(agent, second["id"], w.edit(**PAY), "carl")

    [third] = w.requests(await desk.go_on(agent))

    assert third["args"] == PAY
    assert not desk.calls
    await desk.decide(agent, third["id"], w.APPROVE, "bea")
    await desk.go_on(agent)
    assert desk.called("pay") == [PAY]


async def test_an_edit_that_changes_nothing_is_an_approval(desk: Any, w: Any) -> None:
    """Clients that always send the arguments back are understood."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)))
    await desk.ask(agent, "Pay ann 100")

    out = await desk.resume(agent, w.edit(**PAY))

    assert out["results"]["pay"]["status"] == "accepted"
    assert desk.called("pay") == [PAY]


async def test_an_edit_whose_consent_lapsed_is_asked_anew(desk: Any, w: Any) -> None:
    """The edit that led to it decides nothing anew: the thread goes round no circle."""
    policy = TWO_PEOPLE.replace("@quorum", '@expires("60") @quorum')
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), policy=policy)
    await desk.ask(agent, "Pay ann 100")
    [second] = w.requests(await desk.resume(agent, w.edit(**PAY)))
    await desk.decide(agent, second["id"], w.APPROVE, "bea")
    desk.clock.now += 61

    [third] = w.requests(await desk.go_on(agent))

    assert not desk.calls
    for person in ("bea", "carl"):
        await desk.decide(agent, third["id"], w.APPROVE, person)
    await desk.go_on(agent)
    assert desk.called("pay") == [PAY]


async def test_an_edit_across_a_threshold_meets_the_stricter_rule(desk: Any, w: Any) -> None:
    """One person may approve 100; the edit to 2,000 waits for a second."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), policy=LARGE_NEEDS_TWO)
    [first] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.decide(agent, first["id"], w.edit(to="ann", amount=2000.0), "bea")

    [second] = w.requests(await desk.go_on(agent))

    assert second["quorum"] == 2
    assert "Large sums need two people." in second["why"]
    assert second["expires_at"] - second["requested_at"] == pytest.approx(900)
    assert not desk.calls
    await desk.decide(agent, second["id"], w.APPROVE, "carl")
    await desk.go_on(agent)
    assert desk.called("pay") == [{"to": "ann", "amount": 2000.0}]


async def test_an_edit_into_what_policy_forbids_is_refused(desk: Any, w: Any) -> None:
    """Nobody's consent makes a forbidden call run, the editor's least of all."""
    never = """@id("no-fortunes") @reason("Nobody moves more than $10,000.")
               forbid (principal, action == Action::"call", resource)
               when { context has amountCents && context.amountCents > 1000000 };"""
    agent = desk.agent(
        w.plan(w.step("pay", "pay", **PAY)), policy=never, limits={"max_revisions": 0}
    )
    await desk.ask(agent, "Pay ann 100")

    out = await desk.resume(agent, w.edit(to="ann", amount=20_000.0))

    assert out["results"]["pay"]["failure"]["kind"] == "refused"
    assert "Nobody moves more than $10,000." in out["answer"]["report"][0]
    assert not desk.calls


async def test_an_edit_counts_as_consent_where_plain_approval_is_not_allowed(
    desk: Any, w: Any
) -> None:
    """Policy may demand that whoever says yes fills in the amount."""
    fill_in = """@id("fill-in") @allowed("edit,reject")
                 permit (principal, action == Action::"call", resource)
                 when { resource.effect == "money" };"""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), policy=fill_in)
    await desk.ask(agent, "Pay ann")
    out = await desk.resume(agent, w.APPROVE)
    assert "not allowed" in out["__interrupt__"][0].value["pointsman"]["error"]

    await desk.resume(agent, w.edit(to="ann", amount=7.0))

    assert desk.called("pay") == [{"to": "ann", "amount": 7.0}]


async def test_an_approver_without_authority_may_be_followed_by_one_with(desk: Any, w: Any) -> None:
    """The refusal names the rule and leaves the request open."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)))
    [request] = w.requests(await desk.ask(agent, "Pay ann 100"))

    with pytest.raises(DecisionError, match="needs an administrator"):
        await desk.decide(agent, request["id"], w.APPROVE, "dave", role="user")

    await desk.decide(agent, request["id"], w.APPROVE, "bea")
    await desk.go_on(agent)
    assert desk.called("pay") == [PAY]


async def test_an_approver_who_was_revoked_since_does_not_count(desk: Any, w: Any) -> None:
    """The call is asked for anew, and somebody else may agree to it."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)))
    [first] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.decide(agent, first["id"], w.APPROVE, "bea")
    await desk.switch("revoke_principal", "bea")

    [second] = w.requests(await desk.go_on(agent))

    assert not desk.calls
    await desk.decide(agent, second["id"], w.APPROVE, "carl")
    await desk.go_on(agent)
    assert desk.called("pay") == [PAY]


async def test_a_revoked_approver_is_refused(desk: Any, w: Any) -> None:
    """The request stays open for somebody whose word counts."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)))
    [request] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.switch("revoke_principal", "bea", "left the company")

    with pytest.raises(DecisionError, match="left the company"):
        await desk.decide(agent, request["id"], w.APPROVE, "bea")


async def test_an_approval_under_other_policies_is_asked_anew(desk: Any, w: Any) -> None:
    """The digest binds the policies' version; the new request carries the new one."""
    scripted = w.plan(w.step("pay", "pay", **PAY))
    before = desk.agent(scripted)
    [first] = w.requests(await desk.ask(before, "Pay ann 100"))
    await desk.decide(before, first["id"], w.APPROVE, "bea")
    after = desk.agent(policy=QUICK)

    [second] = w.requests(await desk.go_on(after))

    assert second["digest"] != first["digest"]
    assert not desk.calls
    await desk.resume(after, w.APPROVE)
    assert desk.called("pay") == [PAY]


async def test_ask_always_asks_for_what_policy_lets_run(desk: Any, w: Any) -> None:
    """Without it the same call runs unattended."""
    small = """@id("small") permit (principal, action == Action::"callUnattended", resource)
               when { context has amountCents && context.amountCents <= 5000 };"""
    scripted = w.plan(w.step("pay", "pay", to="ann", amount=20.0))
    agent = desk.agent(scripted, scripted, policy=small)

    out = await desk.ask(agent, "Pay ann 20", "asks", autonomy="ask_always")
    assert w.requests(out)
    assert not desk.calls

    assert not w.requests(await desk.ask(agent, "Pay ann 20", "runs"))
    assert len(desk.called("pay")) == 1


async def test_each_answer_is_in_the_audit_log_and_the_chain_holds(desk: Any, w: Any) -> None:
    """Who decided what, in which words."""
    agent = desk.agent(
        w.plan(w.step("one", "pay", **PAY), w.step("two", "pay", to="eve", amount=1.0))
    )
    one, two = w.requests(await desk.ask(agent, "Pay both"))
    await desk.decide(agent, one["id"], w.APPROVE, "bea")
    await desk.decide(agent, two["id"], {"type": "reject", "message": "Never eve"}, "carl")
    await desk.go_on(agent)

    entries = await desk.store.audit.entries("t")
    decided = [e for e in entries if e.kind == "approval_decided"]
    assert [(e.actor, e.body["type"], e.body["approval_id"]) for e in decided] == [
        ("bea", "approve", one["id"]),
        ("carl", "reject", two["id"]),
    ]
    assert decided[1].body["message"] == "Never eve"
    assert (await desk.store.audit.verify()).entries >= 2


async def test_a_replay_shows_the_expiry_that_holds(desk: Any, w: Any) -> None:
    """Asking again for what is still open does not prolong it."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), policy=QUICK)
    [first] = w.requests(await desk.ask(agent, "Pay ann 100"))
    [planned] = [s async for s in agent.aget_state_history(desk.at("t")) if "lane" in s.next]
    desk.clock.now += 30

    [again] = w.requests(await agent.ainvoke(None, planned.config))

    assert again == first
