"""What a person allowed beforehand runs alone: within its bounds, so often, and clean."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pointsman.errors import DecisionError
from pointsman.policy.approvals import signatory_of
from pointsman.policy.bounds import read_bound
from pointsman.policy.granting import call_grant
from pointsman.runs.granting import record_grant
from pointsman.state.consent import ConsentScope, Revocation
from pointsman.state.run import Principal

from .test_endorsements import given as endorse

SMALL_TO_ANN = (read_bound("to", "equal", "ann"), read_bound("amount", "at_most", 50))


def plan(w: Any, *, to: Any = "ann", amount: Any = 20.0, times: int = 1) -> Any:
    """Pay somebody, several different amounts at once."""
    return w.plan(*(w.step(f"p{i}", "pay", to=to, amount=amount + i) for i in range(times)))


async def given(
    desk: Any,
    *,
    by: Principal | None = None,
    scope: dict[str, str] | None = None,
    tool: str = "pay",
    bounds: Any = SMALL_TO_ANN,
    uses: int | None = 5,
    seconds: float | None = None,
) -> Any:
    """Grant small payments to ann, and return the grant."""
    made = call_grant(
        tool,
        bounds,
        uses=uses,
        seconds=seconds,
        scope=ConsentScope(**(scope or {})),
        by=signatory_of(by or Principal(), authenticated=by is not None),
        at=desk.clock(),
    )
    await record_grant(made, desk.dependencies)
    return made


async def used(desk: Any) -> list[int]:
    """Return how much is used of each grant."""
    return [grant.used for grant in await desk.store.grants.every()]


async def test_a_granted_call_runs_alone_and_says_under_what(desk: Any, w: Any) -> None:
    """The trace has the grant, who gave it and how much of it is used."""
    agent = desk.agent(plan(w), plan(w))
    grant = await given(desk)

    for thread, count in (("t1", 1), ("t2", 2)):
        out = await desk.ask(agent, "Pay ann 20", thread=thread)
        assert not w.requests(out)
        [attempt] = out["results"]["p0"]["attempts"]
        assert f"ran under grant {grant.id} of local ({count} of 5 used)" in attempt["why"]

    assert await used(desk) == [2]


@pytest.mark.parametrize(
    "step",
    [
        pytest.param({"to": "Ann"}, id="another case"),
        pytest.param({"to": "ann "}, id="a space more"),
        pytest.param({"to": "bob"}, id="another payee"),
        pytest.param({"amount": 50.01}, id="a cent more"),
        pytest.param({"amount": -50.01}, id="a minus is as much"),
    ],
)
async def test_outside_of_its_bounds_a_person_is_asked(desk: Any, w: Any, step: Any) -> None:
    """Every bound must hold; nothing of the grant is used."""
    agent = desk.agent(plan(w, **step))
    await given(desk)

    assert w.requests(await desk.ask(agent, "Pay"))
    assert await used(desk) == [0]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"scope": {"tenant": "globex"}}, id="another tenant"),
        pytest.param({"scope": {"tenant": "acme", "principal": "bob"}}, id="another principal"),
        pytest.param({"scope": {"tenant": "acme", "thread": "t2"}}, id="another thread"),
        pytest.param({"tool": "wire"}, id="another tool"),
    ],
)
async def test_outside_of_its_scope_a_person_is_asked(desk: Any, w: Any, fields: Any) -> None:
    """A grant is for the runs and the tool that it names."""
    agent = desk.agent(plan(w), principal={"id": "ann", "tenant": "acme"})
    root = Principal(id="root", role="super_admin", tenant="acme")
    await given(desk, **{"by": root, "scope": {"tenant": "acme"}, **fields})

    assert w.requests(await desk.ask(agent, "Pay"))


async def test_n_uses_are_n_calls_also_at_once(desk: Any, w: Any) -> None:
    """Of eight payments side by side three run, and five ask a person; none fails."""
    agent = desk.agent(plan(w, times=8))
    await given(desk, uses=3)

    out = await desk.ask(agent, "Pay ann eight times")

    statuses = [result["status"] for result in out["results"].values()]
    assert (statuses.count("accepted"), statuses.count("waiting")) == (3, 5)
    assert len(w.requests(out)) == 5
    assert len(desk.called("pay")) == 3
    assert await used(desk) == [3]


async def test_runs_side_by_side_share_what_is_left(desk: Any, w: Any) -> None:
    """Six threads race for two uses."""
    agents = [desk.agent(plan(w)) for _ in range(6)]
    await given(desk, uses=2)

    outs = await asyncio.gather(
        *(desk.ask(agent, "Pay", thread=f"t{i}") for i, agent in enumerate(agents))
    )

    assert sum(not w.requests(out) for out in outs) == len(desk.called("pay")) == 2


async def test_a_replay_takes_no_use(desk: Any, w: Any) -> None:
    """The same input again is the same run: its recorded payment comes back."""
    agent = desk.agent(plan(w), plan(w))
    await given(desk, uses=2)
    await desk.ask(agent, "Pay ann 20")
    desk.checkpointer.delete_thread("t")

    out = await desk.ask(agent, "Pay ann 20")

    assert not w.requests(out)
    assert len(desk.called("pay")) == 1
    assert await used(desk) == [1]


async def test_another_scope_of_effects_takes_another_use(desk: Any, w: Any) -> None:
    """Whoever lets the effects happen again, uses the grant again."""
    agent = desk.agent(plan(w), plan(w), plan(w))
    await given(desk, uses=2)

    outs = [
        await desk.ask(agent, "Pay ann 20", thread=f"t{scope}", effect_scope=scope)
        for scope in ("a", "b", "c")
    ]

    assert [bool(w.requests(out)) for out in outs] == [False, False, True]
    assert len(desk.called("pay")) == 2


async def test_a_refused_call_gives_its_use_back(desk: Any, w: Any) -> None:
    """What is known not to have happened was no use: the next plan's call runs under the grant."""
    agent = desk.agent(
        w.plan(w.step("w", "wire", to="ann", amount=5.0)),
        w.plan(w.step("w", "wire", to="ann", amount=6.0)),
    )
    await given(desk, tool="wire", uses=1)
    desk.lost.append("before")
    assert w.requests(await desk.ask(agent, "Wire ann 5"))
    assert await used(desk) == [1]

    await desk.resume(agent, {"type": "respond", "message": "It did not happen: I looked."})

    assert desk.called("wire") == [{"to": "ann", "amount": 6.0}]
    assert await used(desk) == [1]


@pytest.mark.parametrize(
    ("kind", "target"), [("revoke_principal", "ada"), ("revoke_token", "tok-1")]
)
async def test_a_revoked_person_or_token_grants_nothing(
    desk: Any, w: Any, kind: str, target: str
) -> None:
    """As with decisions and endorsements."""
    agent = desk.agent(plan(w), principal={"id": "ann", "tenant": "acme"})
    ada = Principal(id="ada", role="admin", tenant="acme", token="tok-1")
    await given(desk, by=ada, scope={"tenant": "acme"})
    await desk.switch(kind, target)

    assert w.requests(await desk.ask(agent, "Pay"))


async def test_an_expired_or_revoked_grant_asks(desk: Any, w: Any) -> None:
    """Over is over."""
    agent = desk.agent(plan(w), plan(w))
    await given(desk, uses=None, seconds=60)
    desk.clock.now += 61
    assert w.requests(await desk.ask(agent, "Pay", thread="t1"))

    grant = await given(desk)
    await desk.store.grants.revoke(grant.id, Revocation(at=desk.clock(), by="ann"))
    assert w.requests(await desk.ask(agent, "Pay", thread="t2"))


async def test_a_grant_ends_between_decision_and_call(
    desk: Any, w: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim looks once more, in its own transaction: the step asks, and nothing was paid."""
    agent = desk.agent(plan(w))
    grant = await given(desk)
    claim = desk.store.effects.claim

    async def revoked_before(*args: Any, **options: Any) -> Any:
        monkeypatch.undo()
        await desk.store.grants.revoke(grant.id, Revocation(at=desk.clock()))
        return await claim(*args, **options)

    monkeypatch.setattr(desk.store.effects, "claim", revoked_before)

    [request] = w.requests(await desk.ask(agent, "Pay"))

    assert request["tool"] == "pay"
    assert not desk.called("pay")
    assert await used(desk) == [0]


async def test_nobody_grants_to_themselves_what_they_may_not_approve(desk: Any, w: Any) -> None:
    """An admin's own payments are somebody else's to approve, and to grant."""
    ann = Principal(id="ann", role="admin", tenant="acme")
    agent = desk.agent(plan(w), principal=ann.model_dump())
    with pytest.raises(DecisionError, match="somebody else must approve it"):
        await given(desk, by=ann, scope={"tenant": "acme", "principal": "ann"})
    await given(desk, by=ann, scope={"tenant": "acme"})

    assert w.requests(await desk.ask(agent, "Pay"))


async def test_what_needs_two_people_is_granted_by_nobody(desk: Any, w: Any) -> None:
    """A grant is one person's word."""
    two = """@id("two") @quorum("2") permit (principal, action == Action::"call", resource)
             when { resource.effect == "money" };"""
    agent = desk.agent(plan(w), policy=two)
    await given(desk)

    assert w.requests(await desk.ask(agent, "Pay"))


@pytest.mark.parametrize("endorsed", [False, True])
async def test_a_tainted_value_is_covered_once_it_is_endorsed(
    desk: Any, w: Any, endorsed: bool
) -> None:
    """A grant never covers what untrusted text set, unless a person vouches for the value."""
    agent = desk.agent(
        w.plan(
            w.step("mail", "read_mail", item="1"),
            w.step("pay", "pay", to=w.ref("mail", "sender"), amount=20.0),
        )
    )
    await given(desk, bounds=[read_bound("amount", "at_most", 50)])
    if endorsed:
        await endorse(desk)

    out = await desk.ask(agent, "Pay whom mail 1 names")

    assert bool(w.requests(out)) == (not endorsed)
    assert await used(desk) == [int(endorsed)]


async def test_control_taint_is_never_covered(desk: Any, w: Any) -> None:
    """A mail decided that it runs, and every value is the user's own."""
    pay = {**w.step("pay", "pay", to="ann", amount=20.0), "when": "has(mail.text)"}
    agent = desk.agent(w.plan(w.step("mail", "read_mail", item="1"), pay))
    await given(desk)

    assert w.requests(await desk.ask(agent, "Pay ann 20"))


async def test_a_policy_may_keep_a_tool_out_of_grants(desk: Any, w: Any) -> None:
    """Forbids win, and the policy file sees the grant."""
    never = """@id("never") @reason("Not by grant.")
        forbid (principal, action == Action::"callUnattended", resource)
        when { resource.effect == "money" && context has grant };"""
    agent = desk.agent(plan(w), policy=never)
    await given(desk)

    [request] = w.requests(await desk.ask(agent, "Pay"))

    assert "so a person decides" in request["why"]
    assert await used(desk) == [0]


async def test_asking_always_asks_about_granted_calls_too(desk: Any, w: Any) -> None:
    """It is a reason of its own."""
    agent = desk.agent(plan(w))
    await given(desk)

    assert w.requests(await desk.ask(agent, "Pay", autonomy="ask_always"))


async def test_items_of_a_loop_share_a_grant(desk: Any, w: Any) -> None:
    """Two of five items run under it, in their order; the others are asked about together."""
    pay = w.step("pay", "pay", to="ann", amount=w.ref("item"))
    loop = {"items": "[1.0, 2.0, 3.0, 4.0, 5.0]", "max": 5, "steps": [pay]}
    agent = desk.agent(w.plan({"id": "l", "kind": "each", "for_each": loop}))
    await given(desk, uses=2)

    out = await desk.ask(agent, "Pay ann five times")

    assert len(w.requests(out)) == 3
    assert [call["amount"] for call in desk.called("pay")] == [1.0, 2.0]


async def test_an_approved_call_takes_no_use(desk: Any, w: Any) -> None:
    """A person said yes to this very call; a grant that came meanwhile stays whole."""
    agent = desk.agent(plan(w))
    await desk.ask(agent, "Pay")
    await given(desk)

    await desk.resume(agent, w.APPROVE)

    assert len(desk.called("pay")) == 1
    assert await used(desk) == [0]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"uses": None}, "uses"),
        ({"uses": 0}, "uses"),
        ({"seconds": -1.0}, "seconds"),
        ({"bounds": [read_bound("iban", "equal", "x")]}, "equal iban"),
    ],
)
async def test_a_grant_that_makes_no_sense_is_refused(desk: Any, fields: Any, field: str) -> None:
    """The error names the field, and nothing is on record."""
    desk.agent()

    with pytest.raises(DecisionError) as raised:
        await given(desk, **fields)

    assert raised.value.where == field
    assert not await desk.store.grants.every()
