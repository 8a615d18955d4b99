"""An approval, checked again when the call is about to run."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.policy.approvals import (
    action_digest,
    author_of,
    check_approval,
    credited,
    decided_by,
)
from pointsman.policy.cedar import CedarPolicy
from pointsman.policy.facts import CallFacts
from pointsman.state.approval import ApprovalRequest, Decision
from pointsman.state.run import Principal
from pointsman.stores.records import ApprovalRecord
from pointsman.tools.contract import ToolContract

ADA = Principal(id="ada", role="admin", tenant="acme")
BEA = Principal(id="bea", role="admin", tenant="acme")
LOCAL = Principal()
ALICE = Principal(id="alice", tenant="acme")
POLICY = CedarPolicy()
CONTRACT = ToolContract(
    name="issue_refund", description="", args_schema={}, effect="money", amount="amount"
)
ARGS = {"order": "ORD-1", "amount": 40.0}


def approve(by: Principal, *, authenticated: bool = True) -> Decision:
    """Return an approval by somebody."""
    return decided_by(Decision(approval_id="ap", type="approve"), by, authenticated=authenticated)


def record(
    *decisions: Decision, requester: str = "alice", status: Any = "approved", **request: Any
) -> ApprovalRecord:
    """Return a closed request with its decisions."""
    facts: dict[str, Any] = {
        "id": "ap",
        "step": "s2",
        "tool": "issue_refund",
        "args": ARGS,
        "effect": "money",
        "digest": action_digest("issue_refund", ARGS, "s2", 1, POLICY.version),
        "expires_at": 100.0,
        "requester": requester,
    }
    return ApprovalRecord(
        request=ApprovalRequest(**{**facts, **request}),
        run_id="r",
        thread_id="t",
        status=status,
        decisions=decisions,
    )


def check(approval: ApprovalRecord, **changes: Any) -> str:
    """Check the approval for the call that it was given for, with changes."""
    facts = CallFacts(principal=ALICE, tool="issue_refund", args=ARGS)
    given_facts: dict[str, Any] = {
        "digest": approval.request.digest,
        "now": 50.0,
        "policy": POLICY,
        "contract": CONTRACT,
        "facts": facts,
    }
    return check_approval(approval, **{**given_facts, **changes})


def test_a_good_approval_covers_its_call() -> None:
    """Approved in time, by an admin other than the requester, and nothing has changed."""
    assert check(record(approve(ADA))) == ""


LOCAL_FACTS = CallFacts(principal=LOCAL, tool="issue_refund", args=ARGS)
FROZEN = CallFacts(principal=ALICE, tool="issue_refund", args=ARGS, frozen=True)


@pytest.mark.parametrize(
    ("approval", "changes", "says"),
    [
        pytest.param(record(approve(ADA)), {"now": 100.0}, "expired", id="expired"),
        pytest.param(record(approve(ADA)), {"digest": "x"}, "another action", id="other-action"),
        pytest.param(record(approve(ADA), tool="x"), {}, "another action", id="other-tool"),
        pytest.param(record(approve(ADA)), {"facts": FROZEN}, "frozen", id="frozen"),
        pytest.param(record(approve(ADA)), {"revoked": {"ada"}}, "revoked", id="revoked"),
        pytest.param(record(approve(ADA), quorum=2), {}, "2 must agree", id="quorum"),
        pytest.param(record(approve(ADA), approve(ADA), quorum=2), {}, "1 did", id="one-twice"),
        pytest.param(record(approve(ALICE)), {}, "administrator", id="no-standing"),
        pytest.param(record(approve(ADA), requester="ada"), {}, "somebody else", id="own-request"),
        pytest.param(
            record(approve(ADA, authenticated=False)), {}, "0 did", id="claimed-without-credential"
        ),
        pytest.param(record(), {}, "0 did", id="nobody"),
        pytest.param(
            record(
                approve(LOCAL, authenticated=False),
                approve(Principal(id="me-too"), authenticated=False),
                requester="local",
                quorum=2,
            ),
            {"facts": LOCAL_FACTS},
            "1 did",
            id="local-names-are-one-person",
        ),
    ],
)  # fmt: skip
def test_an_approval_that_does_not_hold(
    approval: ApprovalRecord, changes: dict[str, Any], says: str
) -> None:
    """Each condition is checked at the moment of execution, and named."""
    assert says in check(approval, **changes)


@pytest.mark.parametrize(
    "status", ["waiting", "edited", "rejected", "responded", "expired", "withdrawn"]
)
def test_only_an_approved_request_covers_anything(status: str) -> None:
    """An edit is a new action, and the other decisions are no consent at all."""
    assert status in check(record(approve(ADA), status=status))


def test_names_of_one_person_make_no_quorum() -> None:
    """Ada and Bea, with tokens that one person issued to themselves, are that person."""
    both = [
        approve(who.model_copy(update={"accountable": "os:zoe", "token": f"t-{who.id}"}))
        for who in (ADA, BEA)
    ]

    assert "1 did" in check(record(*both, quorum=2))
    assert check(record(*both, quorum=1)) == ""


def test_a_revoked_token_takes_its_consent_back() -> None:
    """Only that token's; `*` takes back all."""
    approval = record(approve(ADA.model_copy(update={"token": "t1"})))

    assert check(approval, revoked_tokens={"t2"}) == ""
    assert "token with which ada decided was revoked" in check(approval, revoked_tokens={"t1"})
    assert "was revoked" in check(approval, revoked_tokens={"*"})
    assert "was revoked" in check(approval, revoked={"*"})


def test_two_people_make_a_quorum() -> None:
    """A quorum is met by different people, each with the standing."""
    assert check(record(approve(ADA), approve(BEA), quorum=2)) == ""


def test_a_policy_that_got_stricter_counts_at_execution(policy) -> None:
    """A quorum raised since the request was made holds for it."""
    stricter = policy(
        '@id("two") @quorum("2") permit (principal, action == Action::"call", resource);'
    )

    assert "2 must agree" in check(record(approve(ADA)), policy=stricter)


def test_the_local_person_approves_what_they_asked_for() -> None:
    """At an unauthenticated command line one person is enough."""
    approval = record(approve(LOCAL, authenticated=False), requester="local")

    assert check(approval, facts=LOCAL_FACTS) == ""


def test_a_change_of_policy_is_another_action(policy) -> None:
    """The digest binds the version of the policies."""
    changed = policy('@id("n") forbid (principal, action == Action::"administer", resource);')
    digest = action_digest("issue_refund", ARGS, "s2", 1, changed.version)

    assert "other policies" in check(record(approve(ADA)), digest=digest, policy=changed)


def test_an_unauthenticated_name_is_the_local_person() -> None:
    """A name counts only with a credential."""
    assert credited(author_of(approve(ADA))) == ADA
    assert credited(author_of(approve(ADA, authenticated=False))).id == "local"


JSON = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3)
TEXT = st.text(max_size=5)
ACTION = st.tuples(TEXT, JSON, TEXT, st.integers(1, 9), TEXT)


@given(ACTION, ACTION)
def test_different_actions_have_different_digests(first: Any, second: Any) -> None:
    """Tool, arguments, step, plan and policy version are all bound, and nothing else is."""
    assert (action_digest(*first) == action_digest(*second)) == (first == second)
