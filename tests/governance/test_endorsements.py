"""A person vouches for a value once; whatever else untrusted text brought still asks."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pointsman.errors import DecisionError
from pointsman.policy.approvals import signatory_of
from pointsman.policy.endorsing import endorsement
from pointsman.runs.endorsing import record_endorsement
from pointsman.state.consent import ConsentScope, Revocation
from pointsman.state.run import Principal

SMALL = """@id("small") permit (principal, action == Action::"callUnattended", resource)
           when { context has amountCents && context.amountCents <= 5000 };"""
"""Without taint these payments run unattended."""

TASK = "Pay whom mail 1 names"
ENDORSE = {"type": "approve", "endorse": ["to"]}


def plan(w: Any, to: Any = None, amount: float = 1.0, path: str = "sender") -> Any:
    """Pay whom a mail names."""
    return w.plan(
        w.step("mail", "read_mail", item="1"),
        w.step("pay", "pay", to=w.ref("mail", path) if to is None else to, amount=amount),
    )


async def given(desk: Any, value: Any = "eve", by: Principal | None = None, **fields: Any) -> Any:
    """Endorse a value by itself, and return the endorsement."""
    scope = ConsentScope(**fields.pop("scope", {}))
    options: dict[str, Any] = {"tool": "pay", "argument": "to", "seconds": 3600, "limit": None}
    person = by or Principal()
    made = endorsement(
        value,
        scope=scope,
        by=signatory_of(person, authenticated=by is not None),
        at=desk.clock(),
        **{**options, **fields},
    )
    await record_endorsement(made, desk.dependencies)
    return made


async def test_an_endorsed_value_does_not_ask_again(desk: Any, w: Any) -> None:
    """The next payment of the same person to the same payee runs alone, and says by whose word."""
    agent = desk.agent(plan(w), plan(w, amount=2.0), policy=SMALL)
    await desk.ask(agent, TASK)
    await desk.resume(agent, ENDORSE)

    out = await desk.ask(agent, f"{TASK} again", thread="t2")

    assert not w.requests(out)
    assert [call["amount"] for call in desk.called("pay")] == [1.0, 2.0]
    [one] = await desk.store.endorsements.every()
    why = out["results"]["pay"]["attempts"][0]["why"]
    assert f"The value of to is endorsed by local ({one.id})." in why
    assert out["results"]["pay"]["taint"] == ["tool:read_mail#mail"]


async def test_it_is_recorded_with_who_when_and_for_what(desk: Any, w: Any) -> None:
    """The list and the audit log tell it; the log keeps the value's digest alone."""
    agent = desk.agent(plan(w), policy=SMALL, principal={"id": "ann", "tenant": "acme"})
    [request] = w.requests(await desk.ask(agent, TASK))
    await desk.decide(agent, request["id"], ENDORSE, "ada", tenant="acme", token="tok-1")

    [one] = await desk.store.endorsements.every()

    assert (one.value, one.tool, one.argument) == ("eve", "pay", "to")
    assert one.scope == ConsentScope(tenant="acme", principal="ann")
    assert (one.by.id, one.by.role, one.by.token) == ("ada", "admin", "tok-1")
    assert one.approval_id == request["id"]
    assert one.expires_at == pytest.approx(one.at + 2_592_000)
    logged = [e for e in await desk.store.audit.entries() if e.kind == "value_endorsed"]
    assert [(e.actor, e.body["digest"], "value" in e.body) for e in logged] == [
        ("ada", one.digest, False)
    ]


@pytest.mark.parametrize(
    "value",
    [
        "Eve",
        "eve ",
        " eve",
        "eve\u200b",
        "e\u0301ve",
        ["eve"],
        {"to": "eve"},
        "ev\u0435",
    ],
)
async def test_another_form_of_the_value_is_another_value(desk: Any, w: Any, value: Any) -> None:
    """Case, spaces, invisible letters, Unicode forms and containers: none is what was endorsed."""
    agent = desk.agent(plan(w), policy=SMALL)
    await given(desk, value)

    assert w.requests(await desk.ask(agent, TASK))


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"tool": "wire"}, id="another tool"),
        pytest.param({"argument": "amount"}, id="another argument"),
        pytest.param({"tool": "", "argument": "t"}, id="a prefix of its name"),
        pytest.param({"scope": {"thread": "t2"}}, id="another thread"),
        pytest.param({"scope": {"principal": "bob"}}, id="another principal"),
        pytest.param({"scope": {"tenant": "globex"}}, id="another tenant"),
    ],
)
async def test_it_counts_where_it_was_given_for(desk: Any, w: Any, fields: Any) -> None:
    """Outside of its scope an endorsement washes nothing."""
    agent = desk.agent(plan(w), policy=SMALL, principal={"tenant": "acme"})
    defaults = {"tenant": "acme"}
    by = Principal(id="root", role="super_admin", tenant="acme")
    scope = {**defaults, **fields.pop("scope", {})}
    await given(desk, by=by, scope=scope, **fields)

    assert w.requests(await desk.ask(agent, TASK))


async def test_within_its_scope_it_counts(desk: Any, w: Any) -> None:
    """The counterpart of the tests that deny it."""
    agent = desk.agent(plan(w), policy=SMALL, principal={"tenant": "acme"})
    await given(
        desk,
        by=Principal(id="root", role="super_admin", tenant="acme"),
        scope={"tenant": "acme", "principal": "local", "thread": "t"},
    )

    assert not w.requests(await desk.ask(agent, TASK))


async def test_an_expired_one_asks(desk: Any, w: Any) -> None:
    """After its time it is as if it had not been given."""
    agent = desk.agent(plan(w), policy=SMALL)
    await given(desk, seconds=60)
    desk.clock.now += 61

    assert w.requests(await desk.ask(agent, TASK))


async def test_a_revoked_one_asks(desk: Any, w: Any) -> None:
    """Taking back is effective at the next step."""
    agent = desk.agent(plan(w), policy=SMALL)
    one = await given(desk)
    await desk.store.endorsements.revoke(one.id, Revocation(at=desk.clock(), by="ann"))

    assert w.requests(await desk.ask(agent, TASK))
    with pytest.raises(DecisionError, match="ann has revoked it before"):
        await desk.store.endorsements.revoke(one.id, Revocation(at=time.time(), by="bob"))


@pytest.mark.parametrize(
    ("kind", "target"),
    [("revoke_principal", "ada"), ("revoke_token", "tok-1")],
)
async def test_a_revoked_person_or_token_counts_no_more(
    desk: Any, w: Any, kind: str, target: str
) -> None:
    """As with decisions: what was said with a lost token is not said any more."""
    agent = desk.agent(plan(w), policy=SMALL, principal={"id": "ann", "tenant": "acme"})
    ada = Principal(id="ada", role="admin", tenant="acme", token="tok-1")
    await given(desk, by=ada, scope={"tenant": "acme"})
    await desk.switch(kind, target)

    assert w.requests(await desk.ask(agent, TASK))


async def test_nobody_endorses_for_themselves_what_they_may_not_approve(desk: Any, w: Any) -> None:
    """An admin's own word on their own payment counts as little as their approval."""
    ann = Principal(id="ann", role="admin", tenant="acme")
    agent = desk.agent(plan(w), policy=SMALL, principal=ann.model_dump())
    with pytest.raises(DecisionError, match="somebody else must approve it"):
        await given(desk, by=ann, scope={"tenant": "acme", "principal": "ann"})

    # For the whole tenant she may, and for her own runs it still does not count.
    await given(desk, by=ann, scope={"tenant": "acme"})

    assert w.requests(await desk.ask(agent, TASK))


async def test_whoever_may_not_approve_may_not_endorse(desk: Any, w: Any) -> None:
    """A user's word on a payment is refused when it is given, in the policy's words."""
    desk.agent(plan(w), policy=SMALL)

    with pytest.raises(DecisionError, match="needs an administrator; bob is user"):
        await given(desk, by=Principal(id="bob", tenant="acme"), scope={"tenant": "acme"})

    assert not await desk.store.endorsements.every()


async def test_as_many_must_endorse_as_must_approve(desk: Any, w: Any) -> None:
    """Where policy asks two people, one person's endorsement is not enough."""
    two = (
        SMALL
        + """@id("two") @quorum("2") permit (principal, action == Action::"call", resource)
                     when { resource.effect == "money" };"""
    )
    agent = desk.agent(*[plan(w)] * 2, policy=two, principal={"id": "ann", "tenant": "acme"})
    for name, asked in (("ada", True), ("bea", False)):
        by = Principal(id=name, role="admin", tenant="acme")
        await given(desk, by=by, scope={"tenant": "acme"})
        out = await desk.ask(agent, TASK, thread=f"of {name}")
        assert bool(w.requests(out)) == asked


async def test_the_rest_of_a_structure_still_asks(desk: Any, w: Any) -> None:
    """One field is endorsed; the other argument of the same mail is not."""
    agent = desk.agent(
        w.plan(
            w.step("mail", "read_mail", item="1"),
            w.step("send", "send", to=w.ref("mail", "sender"), body=w.ref("mail", "text")),
        ),
        policy='@id("all") permit (principal, action == Action::"callUnattended", resource);',
    )
    await given(desk, tool="send")

    [request] = w.requests(await desk.ask(agent, "Answer mail 1"))

    assert "arguments set by it: body." in request["why"]


async def test_what_untrusted_text_caused_asks_all_the_same(desk: Any, w: Any) -> None:
    """Control taint is not washed: neither a condition's, nor a list's, nor a look's."""
    conditional = plan(w)
    conditional["steps"][1]["when"] = "has(mail.text)"
    agent = desk.agent(conditional, policy=SMALL)
    await given(desk)

    [request] = w.requests(await desk.ask(agent, TASK))

    assert "tool:read_mail#mail" in request["why"]


async def test_items_of_a_tainted_list_ask_all_the_same(desk: Any, w: Any) -> None:
    """Which items there are is the mail's choice, whatever the items are."""
    pay = w.step("pay", "pay", to=w.ref("item"), amount=1.0)
    loop = {"items": "[mail.sender]", "max": 3, "steps": [pay]}
    agent = desk.agent(
        w.plan(
            w.step("mail", "read_mail", item="1"), {"id": "l", "kind": "each", "for_each": loop}
        ),
        policy=SMALL,
    )
    await given(desk)

    assert w.requests(await desk.ask(agent, TASK))


async def test_a_plan_made_after_reading_asks_all_the_same(desk: Any, w: Any) -> None:
    """A look's planner has read the mail; its steps are the mail's, whatever their arguments."""
    first = {
        **w.plan(w.step("mail", "read_mail", item="1")),
        "then_plan": "whom to pay",
        "later_tools": ["pay"],
    }
    again = w.plan(w.step("pay", "pay", to=w.ref("mail", "sender"), amount=1.0))
    agent = desk.agent(first, again, policy=SMALL)
    await given(desk)

    assert w.requests(await desk.ask(agent, TASK))


async def test_a_joined_text_is_not_endorsed_by_a_part_of_it(desk: Any, w: Any) -> None:
    """`eve` is endorsed, and `eve@evil` is put together from it."""
    joined = {"$join": [w.ref("mail", "sender"), "@evil"]}
    agent = desk.agent(plan(w, joined), policy=SMALL)
    await given(desk)

    assert w.requests(await desk.ask(agent, TASK))


async def test_asking_always_asks_about_endorsed_values_too(desk: Any, w: Any) -> None:
    """It is a reason of its own."""
    agent = desk.agent(plan(w), policy=SMALL)
    await given(desk)

    out = await desk.ask(agent, TASK, autonomy="ask_always")

    assert w.requests(out)


async def test_a_policy_may_not_honour_them(desk: Any, w: Any) -> None:
    """The policy file sees which arguments are endorsed."""
    strict = (
        SMALL
        + """@id("strict") @reason("Look again.")
        forbid (principal, action == Action::"callUnattended", resource)
        when { context has endorsedArguments && context.endorsedArguments.contains("to") };"""
    )
    agent = desk.agent(plan(w), policy=strict)
    await given(desk)

    [request] = w.requests(await desk.ask(agent, TASK))

    assert "Look again." in request["why"]


async def test_an_endorsement_alone_approves_nothing(desk: Any, w: Any) -> None:
    """A payment that policy always puts before a person still waits; one reason less is said."""
    agent = desk.agent(plan(w))
    await given(desk)

    [request] = w.requests(await desk.ask(agent, TASK))

    assert "so a person decides" in request["why"]
    assert "Untrusted text" not in request["why"]
    assert request["provenance"] == {"to": ["tool:read_mail#mail"]}


async def test_a_newer_answer_takes_back_what_the_older_endorsed(desk: Any, w: Any) -> None:
    """Approved with an endorsement, then rejected before it ran: nothing of it stands."""
    agent = desk.agent(plan(w), policy=SMALL)
    [request] = w.requests(await desk.ask(agent, TASK))
    await desk.decide(agent, request["id"], ENDORSE, "ada", role="super_admin")

    await desk.resume(agent, {"type": "reject", "message": "no"})

    [one] = await desk.store.endorsements.every()
    assert one.revocation is not None
    assert not desk.called("pay")


@pytest.mark.parametrize(
    ("endorse", "field"),
    [
        ("to", "decisions.0.endorse"),
        ([5], "decisions.0.endorse.0"),
        ([{"for": "thread"}], "decisions.0.endorse.0"),
        ([{"argument": "to", "for": "everybody"}], "decisions.0.endorse.0.for"),
        ([{"argument": "to", "until": 5}], "decisions.0.endorse.0.until"),
        ([{"argument": "to", "expires_seconds": -1}], "decisions.0.endorse.0.expires_seconds"),
        ([{"argument": "to", "expires_seconds": 9e9}], "expires_seconds"),
        ([{"argument": "to", "any_tool": "yes"}], "decisions.0.endorse.0.any_tool"),
        ([{"argument": "to", "any_argument": True}], "decisions.0.endorse.0.argument"),
        (["amount"], "decisions.0.endorse.0.argument"),
        (["iban"], "decisions.0.endorse.0.argument"),
    ],
)
async def test_a_malformed_endorsement_is_refused(
    desk: Any, w: Any, endorse: Any, field: str
) -> None:
    """The error names the field; nothing is recorded and the thread keeps waiting."""
    agent = desk.agent(plan(w), policy=SMALL)
    await desk.ask(agent, TASK)

    out = await desk.resume(agent, {"type": "approve", "endorse": endorse})

    [interrupt] = out["__interrupt__"]
    assert interrupt.value["pointsman"]["error"].startswith(field)
    assert not await desk.store.endorsements.every()
    assert not desk.called("pay")


async def test_only_an_approval_endorses(desk: Any, w: Any) -> None:
    """An edit makes another action, and a no vouches for nothing."""
    agent = desk.agent(plan(w), policy=SMALL)
    await desk.ask(agent, TASK)

    out = await desk.resume(agent, {**w.edit(to="eve", amount=1.0), "endorse": ["to"]})

    assert "endorse" in out["__interrupt__"][0].value["pointsman"]["error"]
    assert not await desk.store.endorsements.every()


async def test_an_edited_argument_is_not_the_endorsed_one(desk: Any, w: Any) -> None:
    """The endorsement is of what was read, not of what a person put in its place."""
    agent = desk.agent(plan(w), plan(w, path="text"), policy=SMALL)
    await given(desk)
    first = await desk.ask(agent, TASK)
    assert not w.requests(first)

    second = await desk.ask(agent, "Pay whom the text of mail 1 names", thread="t2")
    assert w.requests(second)


async def test_one_that_ends_just_before_the_call_asks_instead_of_failing(
    desk: Any, w: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked at again at the moment of execution; the step then waits for a person."""
    agent = desk.agent(plan(w), policy=SMALL)
    one = await given(desk)
    found, looks = desk.store.endorsements.of_values, []

    async def revoked_after_the_first_look(*args: Any, **options: Any) -> Any:
        looks.append(args)
        if len(looks) == 2:
            await desk.store.endorsements.revoke(one.id, Revocation(at=desk.clock()))
        return await found(*args, **options)

    monkeypatch.setattr(desk.store.endorsements, "of_values", revoked_after_the_first_look)

    [request] = w.requests(await desk.ask(agent, TASK))

    assert len(looks) == 3
    assert "Untrusted text" in request["why"]
    assert not desk.called("pay")


@pytest.mark.parametrize(
    ("to", "asks"),
    [
        pytest.param({"$from": "mail", "path": "sender"}, False, id="copied"),
        pytest.param({"$expr": "mail.sender"}, False, id="read"),
        pytest.param({"$expr": "mail.sender.strip()"}, False, id="worked-out"),
        pytest.param({"$join": [{"$from": "mail", "path": "sender"}]}, False, id="joined"),
        pytest.param({"$first_of": [{"$from": "mail", "path": "sender"}]}, True, id="first-of"),
        pytest.param(
            {"$first_of": [{"$from": "mail", "path": "bill"}, "eve"]}, True, id="another-of-first"
        ),
        pytest.param({"$expr": "'eve' if mail.sender != '' else 'bob'"}, True, id="condition"),
        pytest.param({"$expr": "['eve', 'bob'][len(mail.sender) - 3]"}, True, id="index"),
        pytest.param({"$expr": "{'eve': 'eve', 'x': 'bob'}[mail.sender]"}, True, id="key"),
        pytest.param(
            {"$expr": "[p for p in ['eve', 'bob'] if p == mail.sender][0]"}, True, id="filter"
        ),
        pytest.param({"$expr": "min('eve', mail.sender)"}, True, id="least"),
        pytest.param({"$expr": "default(mail.bill, 'eve')"}, True, id="default"),
        pytest.param({"$join": [{"$expr": "mail.sender if true else ''"}]}, True, id="join"),
    ],
)
async def test_whoever_vouches_for_a_value_lets_nobody_choose_it(
    desk: Any, w: Any, to: Any, asks: bool
) -> None:
    """Of several endorsed payees, which one is paid is not for a mail to say."""
    agent = desk.agent(plan(w, to), policy=SMALL)
    for payee in ("eve", "bob"):
        await given(desk, payee)

    out = await desk.ask(agent, TASK)

    assert bool(w.requests(out)) is asks
    assert bool(desk.called("pay")) is not asks


async def test_an_endorsed_value_under_a_condition_of_a_mail_asks(desk: Any, w: Any) -> None:
    """The payee is looked up where we keep it, and only because the mail says so."""
    known = {**w.step("known", "look", item="A"), "when": "mail.sender == 'eve'"}
    pay = w.step("pay", "pay", to=w.ref("known", "owner"), amount=1.0)
    agent = desk.agent(w.plan(w.step("mail", "read_mail", item="1"), known, pay), policy=SMALL)
    await given(desk, "ann@example.org")

    [request] = w.requests(await desk.ask(agent, TASK))

    assert "tool:read_mail#mail" in request["why"]
    assert not desk.called("pay")
