"""Whose word counts: people, not names; with a token that is still good; on outcomes too."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.errors import DecisionError
from pointsman.policy.people import local_person, tokens_of_key

PAY = {"to": "ann", "amount": 100.0}
WIRE = {"to": "ann", "amount": 100.0}
TWO_PEOPLE = """
@id("two-people") @quorum("2")
permit (principal, action == Action::"call", resource) when { resource.effect == "money" };
"""
SELF_ISSUED = {"accountable": local_person()}
SPELLINGS = [
    pytest.param("Bea", id="case"),
    pytest.param("BEA", id="capitals"),
    pytest.param(" bea\t", id="spaces"),
    pytest.param("b\u200bea", id="no-width"),
    pytest.param("be\u00ada", id="soft-hyphen"),
    pytest.param("\uff42\uff45\uff41", id="wide"),
    pytest.param("be\ufe0fa", id="variant"),
    pytest.param("be\u034fa", id="joiner"),
    pytest.param("be\u3164a", id="filler"),
    pytest.param("be\u17b5a", id="vowel-that-is-none"),
    pytest.param("be\x07a", id="control"),
    pytest.param("be\U000e0061a", id="tag"),
    pytest.param("\U0001d41bea", id="bold"),
]
CONSENT = [
    pytest.param({"type": "approve"}, PAY, id="approve"),
    pytest.param(
        {"type": "edit", "edited_action": {"args": {"to": "ann", "amount": 60.0}}},
        {"to": "ann", "amount": 60.0},
        id="edit",
    ),
]


@pytest.fixture(params=["here", "elsewhere"])
def desk(request: Any, desk: Any) -> Any:
    """Give a desk, and one whose people decide on another machine, over PostgreSQL."""
    return desk if request.param == "here" else request.getfixturevalue("far_desk")


async def test_two_names_of_one_person_are_no_quorum(desk: Any, w: Any) -> None:
    """Two tokens that one person issued at a command line are one person's."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), policy=TWO_PEOPLE)
    [request] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.decide(agent, request["id"], w.APPROVE, "bea", **SELF_ISSUED)

    with pytest.raises(DecisionError, match="decided on it as bea"):
        await desk.decide(agent, request["id"], w.APPROVE, "carl", **SELF_ISSUED)

    await desk.go_on(agent)
    assert not desk.calls
    await desk.decide(agent, request["id"], w.APPROVE, "dora")
    await desk.go_on(agent)
    assert desk.called("pay") == [PAY]


async def test_nobody_agrees_with_themselves_by_a_token_of_their_own(desk: Any, w: Any) -> None:
    """Consent without a credential and consent with a self-issued one are one person's."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), policy=TWO_PEOPLE)
    [request] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.resume(agent, w.APPROVE)

    with pytest.raises(DecisionError, match="has decided on it"):
        await desk.decide(agent, request["id"], w.APPROVE, "bea", **SELF_ISSUED)

    await desk.go_on(agent)
    assert not desk.calls


async def test_an_editor_and_a_second_name_of_theirs_are_no_quorum(desk: Any, w: Any) -> None:
    """The consent that an edit carries is its editor's, under whichever name."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), policy=TWO_PEOPLE)
    [first] = w.requests(await desk.ask(agent, "Pay ann 100"))
    edit = w.edit(to="ann", amount=60.0)
    await desk.decide(agent, first["id"], edit, "bea", **SELF_ISSUED)
    [second] = w.requests(await desk.go_on(agent))

    with pytest.raises(DecisionError, match="decided on it as bea"):
        await desk.decide(agent, second["id"], w.APPROVE, "carl", **SELF_ISSUED)

    await desk.go_on(agent)
    assert not desk.calls


@pytest.mark.parametrize("name", SPELLINGS)
async def test_one_name_in_two_spellings_is_no_quorum(desk: Any, w: Any, name: str) -> None:
    """Login services write a name in more than one way; it is one person's in all of them."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), policy=TWO_PEOPLE)
    [request] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.decide(agent, request["id"], w.APPROVE, "bea")

    with pytest.raises(DecisionError, match="has decided on it"):
        await desk.decide(agent, request["id"], w.APPROVE, name)

    await desk.go_on(agent)
    assert not desk.calls


@pytest.mark.parametrize("name", SPELLINGS)
async def test_who_asked_does_not_agree_in_another_spelling(desk: Any, w: Any, name: str) -> None:
    """The second person's name differs by more than case, space and what nobody sees."""
    settings = {"id": "bea", "role": "user"}
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), principal=settings)
    [request] = w.requests(await desk.ask(agent, "Pay ann 100"))

    with pytest.raises(DecisionError, match="somebody else must approve it"):
        await desk.decide(agent, request["id"], w.APPROVE, name)


REVOCATIONS = [
    *(
        pytest.param(name, {}, "bea", id=f"bea-as-{name!a}")
        for name in ("Bea", "bea ", "b\u200bea")
    ),
    pytest.param("bea", {}, "BEA", id="the-switch-in-capitals"),
    pytest.param("bea", {"accountable": "os:eve"}, "os:eve", id="the-person-behind"),
]


@pytest.mark.parametrize(("name", "facts", "revoked"), REVOCATIONS)
async def test_a_revoked_person_is_revoked_under_each_name(
    desk: Any, w: Any, name: str, facts: Any, revoked: str
) -> None:
    """What was said in another spelling, or by a token of theirs, counts no more either."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)))
    [request] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.decide(agent, request["id"], w.APPROVE, name, **facts)
    await desk.switch("revoke_principal", revoked)

    await desk.go_on(agent)

    assert not desk.calls


ASKING = {
    "id": "ann",
    "role": "user",
    "accountable": local_person(),
}


@pytest.mark.parametrize(
    ("approver", "facts", "may"),
    [
        pytest.param("ann", {}, False, id="the-same-name"),
        pytest.param("bea", SELF_ISSUED, False, id="another-name-of-the-same-person"),
        pytest.param("carl", {}, True, id="somebody-else"),
        pytest.param("carl", {"accountable": "os:somebody-else"}, True, id="a-person-elsewhere"),
    ],
)
@pytest.mark.parametrize(("said", "args"), CONSENT)
async def test_who_asked_does_not_agree_under_another_name(
    desk: Any, w: Any, approver: str, facts: Any, may: bool, said: Any, args: Any
) -> None:
    """The second person is another person, not another token."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), principal=ASKING)
    [request] = w.requests(await desk.ask(agent, "Pay ann 100"))

    if may:
        await desk.decide(agent, request["id"], said, approver, **facts)
        await desk.go_on(agent)
    else:
        with pytest.raises(DecisionError, match="somebody else must approve it"):
            await desk.decide(agent, request["id"], said, approver, **facts)

    assert desk.called("pay") == ([args] if may else [])


async def test_who_asked_without_a_credential_does_not_agree_with_one_of_their_own(
    desk: Any, w: Any
) -> None:
    """A name of the settings is the account's that runs the agent."""
    settings = {"id": "ann", "role": "user"}
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), principal=settings)
    [request] = w.requests(await desk.ask(agent, "Pay ann 100"))

    with pytest.raises(DecisionError, match="somebody else must approve it"):
        await desk.decide(agent, request["id"], w.APPROVE, "bea", **SELF_ISSUED)


@pytest.mark.parametrize(("said", "args"), CONSENT)
async def test_consent_lapses_with_its_token(desk: Any, w: Any, said: Any, args: Any) -> None:
    """A token that was revoked after the decision and before the call: asked again."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)))
    [request] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.decide(agent, request["id"], said, "bea", token="t1")
    await desk.switch("revoke_token", "t1")

    out = await desk.go_on(agent)

    assert not desk.calls
    [again] = w.requests(out)
    await desk.decide(agent, again["id"], w.APPROVE, "bea", token="t2")
    await desk.go_on(agent)
    assert desk.called("pay") == [args]


async def test_consent_lapses_with_the_key_of_its_token(desk: Any, w: Any) -> None:
    """A key that was retired may have leaked: what its tokens decided is asked again."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)))
    [request] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.decide(agent, request["id"], w.APPROVE, "bea", token="t1", key="old")
    await desk.switch("revoke_token", tokens_of_key("old"))

    [again] = w.requests(await desk.go_on(agent))

    assert not desk.calls
    await desk.decide(agent, again["id"], w.APPROVE, "bea", token="t2", key="new")
    await desk.go_on(agent)
    assert desk.called("pay") == [PAY]


@pytest.mark.parametrize(("said", "args"), CONSENT)
async def test_other_tokens_of_the_same_name_are_good(
    desk: Any, w: Any, said: Any, args: Any
) -> None:
    """Revoking one token takes nothing from what was said with another."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)))
    [request] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.switch("revoke_token", "t1")
    await desk.decide(agent, request["id"], said, "bea", token="t2")

    await desk.go_on(agent)

    assert desk.called("pay") == [args]


async def test_all_may_be_revoked_at_once(desk: Any, w: Any) -> None:
    """A switch for everybody takes back what was said before it was turned on."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)))
    [request] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.decide(agent, request["id"], w.APPROVE, "bea", token="t1")
    await desk.switch("revoke_token", "*")

    await desk.go_on(agent)

    assert not desk.calls


HAPPENED = {"type": "respond", "message": "The bank shows it."}
WORDS = [
    pytest.param({"type": "approve"}, id="run-it-again"),
    pytest.param(HAPPENED, id="it-did-happen"),
]


async def in_doubt(desk: Any, w: Any, **options: Any) -> tuple[Any, str]:
    """Leave an approved wire without a word from the bank; return agent and request."""
    plan = w.plan(w.step("wire", "wire", **WIRE))
    agent = desk.agent(plan, limits={"max_revisions": 0}, **options)
    [request] = w.requests(await desk.ask(agent, "Wire ann 100"))
    for name in ("bea", "carl")[: request.get("quorum", 1)]:
        await desk.decide(agent, request["id"], {"type": "approve"}, name)
    desk.lost.append("after")
    [doubt] = w.requests(await desk.go_on(agent))
    return agent, doubt["id"]


@pytest.mark.parametrize("words", WORDS)
async def test_a_word_on_an_outcome_needs_authority(desk: Any, w: Any, words: Any) -> None:
    """Who may not let money move may not say what became of it either."""
    agent, doubt = await in_doubt(desk, w)

    with pytest.raises(DecisionError, match="needs an administrator"):
        await desk.decide(agent, doubt, words, "eve", role="user")

    out = await desk.go_on(agent)
    assert w.requests(out)[0]["id"] == doubt
    assert len(desk.called("wire")) == 1


async def test_anybody_may_leave_a_doubt_alone(desk: Any, w: Any) -> None:
    """No takes no authority: the step ends and the ledger still says that nobody knows."""
    agent, doubt = await in_doubt(desk, w)

    await desk.decide(agent, doubt, {"type": "reject"}, "eve", role="user")
    out = await desk.go_on(agent)

    assert out["results"]["wire"]["status"] == "rejected"


@pytest.mark.parametrize("words", WORDS)
async def test_a_word_on_an_outcome_lapses_with_its_token(desk: Any, w: Any, words: Any) -> None:
    """It is asked again, and nothing is written into the ledger."""
    agent, doubt = await in_doubt(desk, w)
    await desk.decide(agent, doubt, words, "bea", token="t1")
    await desk.switch("revoke_token", "t1")

    out = await desk.go_on(agent)

    [again] = w.requests(out)
    record = await desk.store.approvals.get(again["id"])
    [effect] = await desk.store.effects.of_run(record.run_id)
    assert (again["id"] == doubt, effect.state) == (False, "unknown")
    assert len(desk.called("wire")) == 1
    await desk.decide(agent, again["id"], HAPPENED, "bea", token="t2")
    out = await desk.go_on(agent)
    assert out["results"]["wire"]["status"] == "accepted"


@pytest.mark.parametrize("words", WORDS)
async def test_a_word_on_an_outcome_needs_the_calls_quorum(desk: Any, w: Any, words: Any) -> None:
    """What two people had to let happen, two people say the outcome of."""
    agent, doubt = await in_doubt(desk, w, policy=TWO_PEOPLE)
    first = await desk.decide(agent, doubt, words, "bea")
    other = HAPPENED if words["type"] == "approve" else {"type": "approve"}

    with pytest.raises(DecisionError, match="said the opposite"):
        await desk.decide(agent, doubt, other, "carl")
    second = await desk.decide(agent, doubt, words, "carl")

    assert first.status == "waiting"
    assert second.status == {"approve": "approved", "respond": "responded"}[words["type"]]
    out = await desk.go_on(agent)
    assert out["results"]["wire"]["status"] == "accepted"


@pytest.mark.parametrize("words", WORDS)
async def test_a_word_on_an_outcome_needs_the_quorum_of_today(
    desk: Any, w: Any, words: Any
) -> None:
    """Policies that have come to want two people since: one word no longer settles it."""
    _, doubt = await in_doubt(desk, w)
    await desk.decide(None, doubt, words, "bea")
    agent = desk.agent(policy=TWO_PEOPLE, limits={"max_revisions": 0})

    [again] = w.requests(await desk.go_on(agent))

    assert len(desk.called("wire")) == 1
    for name in ("bea", "carl"):
        await desk.decide(
            agent, again["id"], HAPPENED if again.get("unknown_effect") else w.APPROVE, name
        )
    out = await desk.go_on(agent)
    assert out["results"]["wire"]["status"] == "accepted"
