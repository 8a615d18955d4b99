"""Who approves a call may allow further ones in the same decision, and takes both back together."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langgraph.types import Command

from pointsman.errors import DecisionError
from pointsman.runs.decisions import withdraw
from pointsman.state.consent import ConsentScope
from pointsman.state.run import Principal

from .test_endorsements import given as endorse
from .test_grants import plan, used

GRANT = {"equal": {"to": "ann"}, "at_most": {"amount": 50}, "uses": 2}
APPROVE = {"type": "approve", "grant": GRANT}


async def test_an_approval_allows_further_calls_within_bounds(desk: Any, w: Any) -> None:
    """The approved call takes no use; the next two run alone, the one after them asks."""
    agent = desk.agent(*(plan(w, amount=20.0 + i) for i in range(4)))
    await desk.ask(agent, "Pay ann")
    await desk.resume(agent, APPROVE)
    assert await used(desk) == [0]

    outs = [await desk.ask(agent, "Pay ann", thread=f"t{i}") for i in range(3)]

    assert [bool(w.requests(out)) for out in outs] == [False, False, True]
    assert [call["amount"] for call in desk.called("pay")] == [20.0, 21.0, 22.0]
    [grant] = await desk.store.grants.every()
    why = outs[0]["results"]["p0"]["attempts"][0]["why"]
    assert f"ran under grant {grant.id} of local (1 of 2 used)" in why


async def test_it_is_recorded_with_who_for_whom_and_with_what(desk: Any, w: Any) -> None:
    """As a grant that was given by itself, and with the request whose decision it came with."""
    agent = desk.agent(plan(w), principal={"id": "ann", "tenant": "acme"})
    [request] = w.requests(await desk.ask(agent, "Pay"))
    said = {"type": "approve", "grant": {**GRANT, "expires_seconds": 60}}
    await desk.decide(agent, request["id"], said, "ada", tenant="acme", token="tok-1")

    [grant] = await desk.store.grants.every()

    assert (grant.tool, grant.approval_id, grant.uses) == ("pay", request["id"], 2)
    assert [bound.in_words() for bound in grant.bounds] == ['to = "ann"', "amount ≤ 50"]
    assert grant.scope == ConsentScope(tenant="acme", principal="ann")
    assert (grant.by.id, grant.by.role, grant.by.token) == ("ada", "admin", "tok-1")
    assert grant.until == pytest.approx(grant.at + 60)
    kinds = {e.kind: e.actor for e in await desk.store.audit.entries()}
    assert kinds["approval_decided"] == kinds["calls_granted"] == "ada"


@pytest.mark.parametrize(
    ("scope", "asks"),
    [
        ("thread", {"bob": True, "ann in t": False, "ann": True}),
        ("principal", {"bob": True, "ann in t": False, "ann": False}),
        ("tenant", {"bob": False, "ann in t": False, "ann": False}),
    ],
)
async def test_it_is_for_the_runs_that_it_names(
    desk: Any, w: Any, scope: str, asks: dict[str, bool]
) -> None:
    """Whoever asked in this thread, whoever asked, or everybody of their tenant."""
    ann, bob = ({"id": name, "tenant": "acme"} for name in ("ann", "bob"))
    agent = desk.agent(plan(w), principal=ann)
    [request] = w.requests(await desk.ask(agent, "Pay"))
    said = {"type": "approve", "grant": {**GRANT, "uses": 9, "for": scope}}
    await desk.decide(agent, request["id"], said, "ada", tenant="acme")
    await desk.go_on(agent)

    asked = {}
    for at, (who, principal, thread) in enumerate(
        [("bob", bob, "t1"), ("ann in t", ann, "t"), ("ann", ann, "t2")]
    ):
        later = desk.agent(plan(w, amount=30.0 + at), principal=principal)
        asked[who] = bool(w.requests(await desk.ask(later, f"Pay {at}", thread=thread)))

    assert asked == asks


@pytest.mark.parametrize("how", ["withdrawn", "decided anew", "decided anew with another"])
async def test_what_takes_the_decision_back_takes_the_grant_back(
    desk: Any, w: Any, how: str
) -> None:
    """It came with the decision and goes with it."""
    agent = desk.agent(plan(w), plan(w, amount=21.0), principal={"id": "ann"})
    [request] = w.requests(await desk.ask(agent, "Pay"))
    record = await desk.decide(agent, request["id"], APPROVE, "ada")
    if how == "withdrawn":
        await withdraw(
            record,
            "too much",
            approver=Principal(id="root", role="admin"),
            authenticated=True,
            dependencies=desk.dependencies,
        )
    else:
        grant = {"grant": {**GRANT, "uses": 1}} if how.endswith("another") else {}
        await desk.decide_anew(request["id"], {"type": "approve", **grant}, "bob")

    states = [one.state(desk.clock()) for one in await desk.store.grants.every()]

    assert states == (["revoked", "in force"] if how.endswith("another") else ["revoked"])
    asked = w.requests(await desk.ask(agent, "Pay", thread="t2"))
    assert bool(asked) == (not how.endswith("another"))


async def test_who_thinks_again_before_the_quorum_is_met_takes_the_grant_back(
    desk: Any, w: Any
) -> None:
    """A first approval of two, with a grant, and then a rejection by the same person."""
    agent = desk.agent(plan(w), policy=TWO)
    [request] = w.requests(await desk.ask(agent, "Pay"))
    assert (await desk.decide(agent, request["id"], APPROVE, "ada")).status == "waiting"

    await desk.decide(agent, request["id"], {"type": "reject"}, "ada")

    [grant] = await desk.store.grants.every()
    assert grant.state(desk.clock()) == "revoked"


TWO = """@id("two") @quorum("2") permit (principal, action == Action::"call", resource)
         when { resource.effect == "money" };"""
BOTH = {**APPROVE, "endorse": ["to"]}


def plan_from_mail(w: Any) -> Any:
    """Pay whoever a mail names."""
    return w.plan(
        w.step("mail", "read_mail", item="1"),
        w.step("p0", "pay", to=w.ref("mail", "sender"), amount=20.0),
    )


@pytest.mark.parametrize(
    "no",
    [
        {"type": "reject"},
        {"type": "respond", "message": "Pay half of it."},
        {"type": "edit", "edited_action": {"args": {"to": "eve", "amount": 10.0}}},
    ],
    ids=["reject", "respond", "edit"],
)
async def test_an_agreement_that_comes_to_nothing_allows_nothing(
    desk: Any, w: Any, no: Any
) -> None:
    """One of two agreed, and allowed and endorsed more with it; the other one says no."""
    agent = desk.agent(plan_from_mail(w), policy=TWO)
    [request] = w.requests(await desk.ask(agent, "Pay the sender of mail 1"))
    assert (await desk.decide(agent, request["id"], BOTH, "ada")).status == "waiting"

    await desk.decide(agent, request["id"], no, "bea")

    given = [*await desk.store.grants.every(), *await desk.store.endorsements.every()]
    assert [one.state(desk.clock()) for one in given] == ["revoked", "revoked"]
    kinds = [entry.kind for entry in await desk.store.audit.entries()]
    assert {"grant_revoked", "endorsement_revoked"} <= set(kinds)


async def test_an_agreement_that_counts_allows_what_it_says(desk: Any, w: Any) -> None:
    """Both agreed; what one of them allowed with it stands when the other approves only."""
    agent = desk.agent(plan_from_mail(w), policy=TWO)
    [request] = w.requests(await desk.ask(agent, "Pay the sender of mail 1"))
    await desk.decide(agent, request["id"], BOTH, "ada")

    record = await desk.decide(agent, request["id"], w.APPROVE, "bea")

    assert record.status == "approved"
    given = [*await desk.store.grants.every(), *await desk.store.endorsements.every()]
    assert [one.state(desk.clock()) for one in given] == ["in force", "in force"]


async def test_an_answer_that_is_sent_twice_grants_once(desk: Any, w: Any) -> None:
    """Who goes back to the request and decides so again has said nothing new."""
    agent = desk.agent(plan(w))
    await desk.ask(agent, "Pay ann")
    paused = (await agent.aget_state(desk.at("t"))).config
    await desk.resume(agent, APPROVE)

    await agent.ainvoke(Command(resume={"decisions": [APPROVE]}), paused)

    assert len(await desk.store.grants.every()) == 1
    assert len(desk.called("pay")) == 1


def loop(w: Any) -> Any:
    """Pay ann in a loop of three items."""
    pay = w.step("pay", "pay", to="ann", amount=w.ref("item"))
    each = {"items": "[1.0, 2.0, 3.0]", "max": 5, "steps": [pay]}
    return w.plan({"id": "l", "kind": "each", "for_each": each})


@pytest.mark.parametrize("beside", [(), ({"type": "reject", "step": "pay[1]"},)])
async def test_one_word_for_all_items_grants_once(desk: Any, w: Any, beside: Any) -> None:
    """Three items approved together, or two of them, are one grant of two calls."""
    agent = desk.agent(loop(w), plan(w, amount=9.0))
    waiting = w.requests(await desk.ask(agent, "Pay ann three times"))
    names = [request["step"] for request in waiting]
    single = [{**one, "step": names[0]} for one in beside]

    await desk.resume(agent, {**APPROVE, "step": "pay"}, *single)

    [grant] = await desk.store.grants.every()
    assert (grant.uses, grant.used) == (2, 0)
    assert len(desk.called("pay")) == 3 - len(beside)
    assert not w.requests(await desk.ask(agent, "Pay", thread="t2"))


async def test_it_covers_a_tainted_value_only_if_that_is_endorsed(desk: Any, w: Any) -> None:
    """With the same decision, or not at all."""
    tainted = [
        w.plan(
            w.step("mail", "read_mail", item="1"),
            w.step("pay", "pay", to=w.ref("mail", "sender"), amount=20.0 + at),
        )
        for at in range(3)
    ]
    agent = desk.agent(*tainted)
    grant = {"at_most": {"amount": 50}, "uses": 5}
    await desk.ask(agent, "Pay whom mail 1 names")
    await desk.resume(agent, {"type": "approve", "grant": grant})
    assert w.requests(await desk.ask(agent, "Pay whom mail 1 names", thread="t1"))

    await endorse(desk)

    assert not w.requests(await desk.ask(agent, "Pay whom mail 1 names", thread="t2"))
    assert await used(desk) == [1]


async def test_who_may_not_approve_grants_nothing_with_it(desk: Any, w: Any) -> None:
    """An admin's own payment: refused whole, and nothing is on record."""
    agent = desk.agent(plan(w), principal={"id": "ada", "tenant": "acme"})
    [request] = w.requests(await desk.ask(agent, "Pay"))

    with pytest.raises(DecisionError, match="somebody else must approve it"):
        await desk.decide(agent, request["id"], APPROVE, "ada", tenant="acme")

    assert not await desk.store.grants.every()


BAD = {
    "no object": ("all", "grant"),
    "an unknown field": ({**GRANT, "until": 5}, "grant.until"),
    "no bound": ({"uses": 2}, "grant"),
    "an end that never comes": ({"any_arguments": True}, "grant.uses"),
    "no calls": ({**GRANT, "uses": 0}, "grant.uses"),
    "half a call": ({**GRANT, "uses": 1.5}, "grant.uses"),
    "true calls": ({**GRANT, "uses": True}, "grant.uses"),
    "more calls than a table holds": ({**GRANT, "uses": 10**18}, "grant.uses"),
    "a time that is over": ({**GRANT, "expires_seconds": -1}, "grant.expires_seconds"),
    "a time in words": ({**GRANT, "expires_seconds": "1 h"}, "grant.expires_seconds"),
    "a scope that there is not": ({**GRANT, "for": "world"}, "grant.for"),
    "a scope that is no text": ({**GRANT, "for": ["tenant"]}, "grant.for"),
    "a yes in words": ({"any_arguments": "yes", "uses": 1}, "grant.any_arguments"),
    "bounds in a list": ({"equal": ["to"], "uses": 1}, "grant.equal"),
    "an argument without a name": ({"equal": {"": 1}, "uses": 1}, "grant.equal"),
    "an argument that the tool lacks": ({"equal": {"iban": 1}, "uses": 1}, "grant.equal.iban"),
    "one of no list": ({"one_of": {"to": "ann"}, "uses": 1}, "grant.one_of.to"),
    "a limit in words": ({"at_most": {"amount": "much"}, "uses": 1}, "grant.at_most.amount"),
    "a prefix that other hosts have": (
        {"prefix": {"to": "https://a.example"}, "uses": 1},
        "grant.prefix.to",
    ),
}


@pytest.mark.parametrize(("grant", "field"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("form", ["resume", "office"])
async def test_a_malformed_grant_changes_nothing(
    desk: Any, w: Any, grant: Any, field: str, form: str
) -> None:
    """The error names the field; the approval beside it is not taken either."""
    agent = desk.agent(plan(w))
    [request] = w.requests(await desk.ask(agent, "Pay ann"))
    said = {"type": "approve", "grant": grant}

    if form == "resume":
        out = await desk.resume(agent, said)
        assert f".{field}: " in out["__interrupt__"][0].value["pointsman"]["error"]
    else:
        with pytest.raises(DecisionError) as raised:
            await desk.decide(agent, request["id"], said, "ada")
        assert raised.value.where.endswith(f".{field}")

    assert not desk.called("pay")
    assert not await desk.store.grants.every()
    assert (await desk.store.approvals.get(request["id"])).decisions == ()


@pytest.mark.parametrize(
    "kind",
    [
        {"type": "reject", "message": "no"},
        {"type": "respond", "message": "later"},
        {"type": "edit", "edited_action": {"args": {"to": "ann", "amount": 5.0}}},
    ],
    ids=lambda kind: kind["type"],
)
async def test_only_an_approval_grants(desk: Any, w: Any, kind: Any) -> None:
    """Who changes the call or refuses it has not approved it."""
    agent = desk.agent(plan(w))
    [request] = w.requests(await desk.ask(agent, "Pay ann"))

    with pytest.raises(DecisionError, match="with the approval of a call"):
        await desk.decide(agent, request["id"], {**kind, "grant": GRANT}, "ada")

    assert not await desk.store.grants.every()


async def test_a_grant_beside_decisions_on_every_item_is_refused(desk: Any, w: Any) -> None:
    """What is said of the items that nobody else named would be said of none."""
    agent = desk.agent(loop(w))
    names = [r["step"] for r in w.requests(await desk.ask(agent, "Pay ann three times"))]
    single = [{"type": "approve", "step": name} for name in names]

    out = await desk.resume(agent, *single, {**APPROVE, "step": "pay"})

    assert "decisions.3.grant: " in out["__interrupt__"][0].value["pointsman"]["error"]
    assert not desk.called("pay")


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(lambda _: {"type": "approve", "grant": GRANT}, id="bare"),
        pytest.param(lambda _: {"decisions": [APPROVE]}, id="agent-chat-ui"),
        pytest.param(lambda i: {i: {"decisions": [APPROVE]}}, id="by interrupt id"),
        pytest.param(lambda _: [{"type": "accept", "args": None, "grant": GRANT}], id="inbox"),
        pytest.param(
            lambda _: [
                {
                    "type": "accept",
                    "args": {"action": "pay", "args": {"to": "ann", "amount": 20.0}},
                    "grant": GRANT,
                }
            ],
            id="inbox, arguments repeated",
        ),
    ],
)
async def test_every_form_of_an_answer_may_grant(desk: Any, w: Any, sent: Any) -> None:
    """Whatever carries a decision carries its grant."""
    agent = desk.agent(plan(w))
    out = await desk.ask(agent, "Pay ann")
    [interrupt] = out["__interrupt__"]

    await agent.ainvoke(Command(resume=sent(interrupt.id)), desk.at("t"))

    assert len(desk.called("pay")) == 1
    [grant] = await desk.store.grants.every()
    assert (grant.uses, grant.by.id) == (2, "local")


async def test_answers_at_once_on_several_requests_are_grants_of_their_own(
    desk: Any, w: Any
) -> None:
    """The same words on three requests are three grants, and no id is given twice."""
    agent = desk.agent(plan(w, times=3))
    assert len(w.requests(await desk.ask(agent, "Pay ann"))) == 3

    await asyncio.wait_for(desk.resume(agent, APPROVE, APPROVE, APPROVE), 60)

    assert len({grant.id for grant in await desk.store.grants.every()}) == 3
