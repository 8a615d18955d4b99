"""`grant`: given within bounds, used, listed, taken back."""

from __future__ import annotations

import pytest

PAY = "please pay order A-7 back"


def test_a_granted_payment_runs_alone_until_it_is_used_up(desk):
    """The first run pays under the grant and says so; the second asks."""
    bounds = ("--equal", "order=A-7", "--at-most", "amount=30")
    assert desk("grant", "add", "pay_back", *bounds, "--uses", "1", "-m", "kettles").code == 0

    codes = [desk("run", PAY, "--thread", thread).code for thread in ("t1", "t2")]

    assert codes == [0, 3]
    assert len(desk.paid()) == 1
    [grant] = desk("grant", "list", "--all", "--json").document["grants"]
    assert (grant["used"], grant["state"], grant["message"]) == (1, "used up", "kettles")
    assert f"It ran under grant {grant['id']} of local (1 of 1 used)." in desk("trace", "t1").out


def test_a_revoked_grant_covers_nothing(desk):
    """The list shows it with its bounds, and without it a person is asked."""
    bounds = ("--one-of", "order=A-7", "--one-of", "order=A-8", "--prefix", "order=A-")
    given = desk("grant", "add", "pay_back", *bounds, "--days", "1", "--json").document
    page = desk("grant", "list").out

    revoked = desk("grant", "revoke", given["id"], "--reason", "over")

    assert 'order one of ["A-7","A-8"]' in page
    assert revoked.code == 0
    assert desk("run", PAY, "--thread", "t1").code == 3
    assert desk("grant", "list", "--json").document == {"grants": []}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing", "--any-arguments", "--uses", "1"), "no such tool"),
        (("pay_back", "--uses", "1"), "bounds: It sets no bound"),
        (("pay_back", "--any-arguments"), "uses: It would never end"),
        (("pay_back", "--any-arguments", "--uses", "0"), "--uses"),
        (("pay_back", "--equal", "order", "--uses", "1"), "equal order: It has no value"),
        (("pay_back", "--equal", "colour=red", "--uses", "1"), "order, amount"),
        (("pay_back", "--equal", "amount:=x", "--uses", "1"), "equal amount: 'x' is no JSON"),
        (("pay_back", "--equal", "amount:=NaN", "--uses", "1"), "JSON has no NaN"),
        (("pay_back", "--at-most", "amount=much", "--uses", "1"), "at_most amount"),
        (("pay_back", "--at-most", "amount=-1", "--uses", "1"), "at_most amount"),
        (("pay_back", "--prefix", "order=https://a.example", "--uses", "1"), "End the host"),
    ],
)
def test_wrong_use_grants_nothing(desk, words, said):
    """Each error names what was wrong, and nothing is on record."""
    result = desk("grant", "add", *words)

    assert result.code == 2
    assert said in " ".join((result.out + result.err).split())
    assert desk("grant", "list", "--all", "--json").document == {"grants": []}


def test_an_approval_grants_further_payments_with_it(desk):
    """The approved one takes no use, the next runs alone, the one after it asks; the trace says."""
    question = desk.waiting()
    bounds = ("--equal", "order=A-7", "--at-most", "amount=30")
    assert desk("approve", question["id"], *bounds, "--grant-uses", "1").code == 0

    codes = [desk("run", PAY, "--thread", thread).code for thread in ("t2", "t3")]

    assert codes == [0, 3]
    [grant] = desk("grant", "list", "--all", "--json").document["grants"]
    assert (grant["used"], grant["approval_id"]) == (1, question["id"])
    said = 'granting 1 more calls within order = "A-7"; amount ≤ 30'
    assert said in " ".join(desk("trace", "t1").out.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--at-most", "amount=30"), "grant.uses: It would never end"),
        (("--grant-for", "tenant", "--any-arguments"), "grant.uses: It would never end"),
        (("--grant-uses", "2"), "grant: It sets no bound"),
        (("--grant-uses", "0", "--any-arguments"), "grant.uses: It allows no call"),
        (("--grant-days", "-1", "--any-arguments"), "grant.expires_seconds"),
        (("--grant-uses", "2", "--equal", "colour=red"), "grant.equal.colour"),
        (("--grant-uses", "2", "--equal", "order=A", "--equal", "order=B"), "bound twice"),
        (("--grant-uses", "2", "--prefix", "order"), "prefix order: It has no value"),
    ],
)
def test_a_malformed_grant_approves_nothing(desk, words, said):
    """The error names the field, and the request waits as before."""
    question = desk.waiting()

    result = desk("approve", question["id"], *words)

    assert result.code == 2
    assert said in " ".join((result.out + result.err).split())
    assert not desk.paid()
    assert desk("grant", "list", "--all", "--json").document == {"grants": []}
    assert len(desk("approvals", "--json").document["approvals"]) == 1
