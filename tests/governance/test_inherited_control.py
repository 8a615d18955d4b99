"""What an untrusted condition decided stays decided by it, however many steps lie between."""

from __future__ import annotations

from typing import Any

import pytest

SMALL = """@id("small") permit (principal, action == Action::"callUnattended", resource)
           when { context has amountCents && context.amountCents <= 5000 };"""
"""Without taint these payments run unattended."""

SOURCE = "tool:read_mail#mail"


def seen(w: Any, step: str = "seen", **fields: Any) -> Any:
    """Look something up."""
    return {**w.step(step, "look", item="A"), **fields}


def pay(w: Any, *after: str, **fields: Any) -> Any:
    """Pay the user's own amount to the user's own payee."""
    return {**w.step("pay", "pay", to="ann@example.org", amount=1.0), "after": after, **fields}


def each(*steps: Any, items: str = "['A']", **fields: Any) -> Any:
    """Do steps for each item of the user's own list."""
    loop = {"items": items, "item": "entry", "max": 3, "steps": list(steps)}
    return {"id": "each", "kind": "each", "for_each": loop, **fields}


SAYS = "contains(mail.text, 'pay')"
CHECK = {"path": "text", "op": "ne", "value": "x", "message": "It says x."}


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(lambda w: [seen(w, when=SAYS), pay(w, "seen")], id="after"),
        pytest.param(
            lambda w: [seen(w, when=SAYS), seen(w, "next", after=["seen"]), pay(w, "next")],
            id="after-what-comes-after",
        ),
        pytest.param(
            lambda w: [seen(w, when=SAYS), pay(w, when="has(seen) and seen.id == 'A'")],
            id="a-condition-on-what-came-after",
        ),
        pytest.param(
            lambda w: [seen(w, when=SAYS), pay(w, when="has(seen) == has(mail)")],
            id="asked-for-presence",
        ),
        pytest.param(
            lambda w: [seen(w, when=f"not {SAYS}"), pay(w, when="not has(seen)")],
            id="because-it-was-skipped",
        ),
        pytest.param(
            lambda w: [seen(w, when=SAYS), {**pay(w), "args": {
                "amount": 1.0, "to": {"$first_of": [{"$from": "seen", "path": "id"}, "ann"]}}}],
            id="first-of",
        ),
        pytest.param(
            lambda w: [seen(w, when=f"not {SAYS}"), {**pay(w), "args": {
                "amount": 1.0, "to": {"$first_of": [{"$from": "seen", "path": "id"}, "ann"]}}}],
            id="the-other-of-first-of",
        ),
        pytest.param(
            lambda w: [seen(w, when=SAYS), {**pay(w), "args": {
                "amount": 1.0, "to": {"$expr": "'ann' if has(seen) else 'bob'"}}}],
            id="chosen-by-an-expression",
        ),
        pytest.param(
            lambda w: [each(seen(w, when=SAYS), pay(w, "seen"))], id="inside-a-loop"
        ),
        pytest.param(lambda w: [each(pay(w), when=SAYS)], id="a-loop-under-a-condition"),
        pytest.param(
            lambda w: [each(seen(w), when=SAYS), pay(w, "each")], id="after-such-a-loop"
        ),
        pytest.param(
            lambda w: [each(seen(w), items="[mail.text]"), pay(w, "each")],
            id="after-a-loop-over-a-tainted-list",
        ),
        pytest.param(
            lambda w: [each(each_in(w)), pay(w, "each")], id="after-a-loop-in-a-loop"
        ),
    ],
)  # fmt: skip
async def test_it_asks(desk: Any, w: Any, steps: Any) -> None:
    """The arguments are the user's own, and a mail decided that the payment is made."""
    agent = desk.agent(w.plan(w.step("mail", "read_mail", item="1"), *steps(w)), policy=SMALL)

    [request] = w.requests(await desk.ask(agent, "Pay ann@example.org 1"))

    assert SOURCE in request["why"]
    assert not desk.called("pay")


def each_in(w: Any) -> Any:
    """Loop over what a mail says, in a loop over the user's own list."""
    loop = {"items": "[mail.text]", "item": "word", "max": 3, "steps": [seen(w)]}
    return {"id": "inner", "kind": "each", "for_each": loop}


@pytest.mark.parametrize(
    "mail",
    [
        pytest.param({"checks": [CHECK]}, id="a-rule-on-what-it-says"),
        pytest.param({"checks": [{**CHECK, "value": None, "op": "not_empty"}]}, id="not-empty"),
    ],
)
async def test_a_rule_on_untrusted_words_decides(desk: Any, w: Any, mail: Any) -> None:
    """Had the mail said otherwise, nothing would be paid."""
    read = {**w.step("mail", "read_mail", item="1"), **mail}
    agent = desk.agent(w.plan(read, pay(w, "mail")), policy=SMALL)

    [request] = w.requests(await desk.ask(agent, "Pay ann@example.org 1"))

    assert SOURCE in request["why"]
    assert not desk.called("pay")


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(lambda w: [pay(w, "mail")], id="after-a-plain-read"),
        pytest.param(lambda w: [seen(w, after=["mail"]), pay(w, "seen")], id="two-steps-after"),
        pytest.param(
            lambda w: [seen(w, when=SAYS, on_error="skip"), pay(w)], id="beside-a-condition"
        ),
        pytest.param(
            lambda w: [seen(w), pay(w, when="seen.id == 'A'")], id="under-a-clean-condition"
        ),
    ],
)
async def test_what_untrusted_text_did_not_decide_runs(desk: Any, w: Any, steps: Any) -> None:
    """That a mail was read decides nothing, so that order alone asks nobody."""
    agent = desk.agent(w.plan(w.step("mail", "read_mail", item="1"), *steps(w)), policy=SMALL)

    assert not w.requests(await desk.ask(agent, "Read mail 1 and pay ann@example.org 1"))
    assert desk.called("pay") == [{"to": "ann@example.org", "amount": 1.0}]


async def test_the_request_says_which_condition_decided(desk: Any, w: Any) -> None:
    """Of a step before it, with what was read and whose words these are."""
    agent = desk.agent(
        w.plan(w.step("mail", "read_mail", item="1"), seen(w, when=SAYS), pay(w, "seen")),
        policy=SMALL,
    )

    [request] = w.requests(await desk.ask(agent, "Pay ann@example.org 1"))

    assert f"It comes after seen, which runs because {SAYS} (mail.text is Mail 1" in request["why"]
    assert f"(source: {SOURCE})" in request["why"]
