"""What untrusted text decided never runs unattended."""

from __future__ import annotations

from typing import Any

SMALL = """@id("small") permit (principal, action == Action::"callUnattended", resource)
           when { context has amountCents && context.amountCents <= 5000 };"""
"""Without taint these payments run unattended."""


def planned(w: Any, condition: str) -> Any:
    """Plan to pay the user's own amount to the user's own payee, under a condition."""
    pay = {**w.step("pay", "pay", to="ann@example.org", amount=1.0), "when": condition}
    return w.plan(w.step("mail", "read_mail", item="1"), pay)


async def test_an_effect_under_a_tainted_condition_waits(desk: Any, w: Any) -> None:
    """Its arguments are clean, and a mail decided that it runs."""
    agent = desk.agent(planned(w, "has(mail.text)"), policy=SMALL)

    [request] = w.requests(await desk.ask(agent, "Pay ann@example.org 1"))

    assert "runs because has(mail.text)" in request["why"]
    assert "tool:read_mail#mail" in request["why"]
    assert not desk.called("pay")


async def test_the_result_carries_the_taint_of_its_condition(desk: Any, w: Any) -> None:
    """Who reads that a step ran learns what the mail said."""
    agent = desk.agent(
        w.plan(
            w.step("mail", "read_mail", item="1"),
            {**w.step("seen", "look", item="A"), "when": "has(mail.text)"},
        )
    )

    out = await desk.ask(agent, "Look up A")

    assert "tool:read_mail#mail" in out["results"]["seen"]["taint"]


async def test_a_page_brings_in_no_tool(desk: Any, w: Any) -> None:
    """A plan made after reading may not call what the first plan did not name."""
    mail = w.step("mail", "read_mail", item="1")
    evil = w.plan(w.step("pay", "pay", to="eve", amount=20.0))
    agent = desk.agent({**w.plan(mail), "then_plan": "what to do"}, *[evil] * 6)

    out = await desk.ask(agent, "Do what mail 1 says")

    assert not w.requests(out)
    assert "pay" not in out["results"]
    assert not desk.called("pay")


async def test_a_step_planned_after_reading_never_runs_unattended(desk: Any, w: Any) -> None:
    """The tool was named before, and its arguments may be the mail's."""
    mail = w.step("mail", "read_mail", item="1")
    first = {**w.plan(mail), "then_plan": "whom to pay", "later_tools": ["pay"]}
    agent = desk.agent(first, w.plan(w.step("pay", "pay", to="ann", amount=20.0)), policy=SMALL)

    [request] = w.requests(await desk.ask(agent, "Pay whom mail 1 names"))

    assert "tool:read_mail#mail" in request["why"]
    assert not desk.called("pay")


async def test_what_reads_may_be_called_later_unnamed_and_carries_nothing_out(
    desk: Any, w: Any
) -> None:
    """What a mail made the planner look up is looked up; what could carry data out asks."""
    mail = w.step("mail", "read_mail", item="1")
    look = w.step("look", "look", item="A")
    agent = desk.agent(
        {**w.plan(mail), "then_plan": "whom the mail is about"},
        w.plan(look, w.step("asked", "search", query="eve")),
        policy=SMALL,
    )

    [request] = w.requests(await desk.ask(agent, "Whom is mail 1 about?"))

    assert (request["tool"], desk.called("look")) == ("search", [{"item": "A"}])
    assert "tool:read_mail#mail" in request["why"]
    assert not desk.called("search")


async def test_no_effect_of_a_loop_over_a_tainted_list_runs_unattended(desk: Any, w: Any) -> None:
    """The arguments are the user's own, and a mail decided how often they are used."""
    pay = w.step("pay", "pay", to="ann", amount=1.0)
    loop = {"items": "[mail.text]", "max": 3, "steps": [pay]}
    agent = desk.agent(
        w.plan(
            w.step("mail", "read_mail", item="1"), {"id": "l", "kind": "each", "for_each": loop}
        ),
        policy=SMALL,
    )

    [request] = w.requests(await desk.ask(agent, "Pay ann 1"))

    assert "tool:read_mail#mail" in request["why"]
    assert not desk.called("pay")


async def test_a_clean_condition_leaves_the_payment_unattended(desk: Any, w: Any) -> None:
    """So that the others can fail."""
    pay = {**w.step("pay", "pay", to="ann", amount=1.0), "when": "has(seen.id)"}
    agent = desk.agent(w.plan(w.step("seen", "look", item="A"), pay), policy=SMALL)

    assert not w.requests(await desk.ask(agent, "Look up A and pay ann 1"))
    assert desk.called("pay") == [{"to": "ann", "amount": 1.0}]
