"""Who may approve what, and who may operate the agent."""

from __future__ import annotations

import pytest

from pointsman.policy.cedar import CedarPolicy
from pointsman.state.run import Principal

LOCAL = Principal()
ALICE = Principal(id="alice", tenant="acme")
BOB = Principal(id="bob", tenant="acme")
ADMIN = Principal(id="ada", role="admin", tenant="acme")
STRANGER = Principal(id="mallory", role="admin", tenant="other")
SUPER = Principal(id="root", role="super_admin")


@pytest.mark.parametrize("effect", ["money", "account", "delete"])
@pytest.mark.parametrize(
    ("approver", "requester", "outcome", "policy_id"),
    [
        pytest.param(ADMIN, ALICE, "run", "approve-calls", id="another-admin"),
        pytest.param(SUPER, ALICE, "run", "approve-calls", id="super-admin-of-no-tenant"),
        pytest.param(BOB, ALICE, "refuse", "approve-needs-admin", id="another-user"),
        pytest.param(ADMIN, ADMIN, "refuse", "approve-needs-second-person", id="own-request"),
        pytest.param(STRANGER, ALICE, "refuse", "approve-own-tenant", id="other-tenant"),
        pytest.param(
            LOCAL, ALICE, "refuse", "approve-needs-credential", id="local-for-authenticated"
        ),
        pytest.param(LOCAL, LOCAL, "run", "approve-calls", id="one-local-person"),
        pytest.param(Principal(id=""), LOCAL, "run", "approve-calls", id="anonymous-local"),
    ],
)
def test_weighty_calls_need_a_second_person_with_standing(
    effect: str, approver, requester, outcome: str, policy_id: str, contract, facts
) -> None:
    """Money, accounts and deletions: an admin other than the requester, or one local person."""
    decision = CedarPolicy().may_approve(
        approver, contract(effect=effect), facts(principal=requester), requester.id
    )

    assert decision.outcome == outcome
    assert policy_id in decision.policies


def test_the_local_id_does_not_help_against_an_authenticated_request(contract, facts) -> None:
    """Without a credential nobody approves what somebody with one has asked for."""
    alice = Principal(id="alice")
    call = facts(principal=alice)

    decision = CedarPolicy().may_approve(LOCAL, contract(effect="message"), call, "alice")

    assert "approve-needs-credential" in decision.policies


def test_a_requester_other_than_the_facts_principal_counts(contract, facts) -> None:
    """The requester named by the stored request is who may not approve."""
    decision = CedarPolicy().may_approve(ADMIN, contract(), facts(), ADMIN.id)

    assert decision.policies == ("approve-needs-second-person",)


@pytest.mark.parametrize("effect", ["read", "write", "message"])
def test_lighter_calls_may_be_approved_by_the_requester(effect: str, contract, facts) -> None:
    """Writing and messages wait for a person, who may be the one who asked."""
    decision = CedarPolicy().may_approve(ALICE, contract(effect=effect), facts(), "alice")

    assert decision.outcome == "run"


@pytest.mark.parametrize(
    ("who", "operation", "outcome"),
    [
        (ALICE, "pause", "refuse"),
        (ADMIN, "pause", "run"),
        (ADMIN, "revoke_token", "run"),
        (ADMIN, "issue_token", "refuse"),
        (SUPER, "issue_token", "run"),
        (LOCAL, "issue_token", "run"),
    ],
)
def test_operating_the_agent(who: Principal, operation: str, outcome: str) -> None:
    """Administrators handle incidents; issuing tokens takes a super administrator."""
    assert CedarPolicy().may_administer(who, operation).outcome == outcome
