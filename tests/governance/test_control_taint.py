"""What untrusted text decided never runs unattended."""

from __future__ import annotations

from typing import Any


def planned(w: Any, condition: str) -> Any:
    """Plan to pay the user's own amount to the user's own payee, under a condition."""
    pay = {**w.step("pay", "pay", to="ann@example.org", amount=1.0), "when": condition}
    return w.plan(w.step("mail", "read_mail", item="1"), pay)


async def test_an_effect_under_a_tainted_condition_waits(desk: Any, w: Any) -> None:
    """Its arguments are clean, and a mail decided that it runs."""
    agent = desk.agent(planned(w, "has(mail.text)"))

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
