"""`endorsement`, and `approve --endorse`: vouched for, listed, taken back."""

from __future__ import annotations

import pytest


@pytest.fixture
def untrusted(add_settings, tmp_path):
    """Have orders come from an untrusted source, and clean payments need nobody."""
    policy = tmp_path / "alone.cedar"
    policy.write_text(
        '@id("alone") permit (principal, action == Action::"callUnattended", resource);'
    )
    add_settings(
        f"tool_contracts: {{look_up: {{trust: untrusted}}}}\npolicy: {{additions: [{policy}]}}"
    )


@pytest.mark.usefixtures("untrusted")
def test_values_endorsed_with_an_approval_are_not_asked_again(desk):
    """The next run with the same values pays alone, and the trace says by whose word."""
    question = desk.waiting()
    approve = ("approve", question["id"], "--endorse", "order", "--endorse", "amount")
    assert desk(*approve, "--endorse-days", "1").code == 0

    again = desk("run", "please pay order A-7 back", "--thread", "t2")

    assert again.code == 0
    assert len(desk.paid()) == 2
    trace = desk("trace", "t2").out
    assert "The value of order is endorsed by local (en_" in trace
    assert "endorsing order, amount" in desk("trace", "t1").out


@pytest.mark.usefixtures("untrusted")
def test_a_value_endorsed_by_itself_counts_until_it_is_revoked(desk):
    """`add`, `list`, `revoke`: as it says, and effective at once."""
    for words in (("A-7", "--argument", "order"), ("25.0", "--argument", "amount", "--json-value")):
        assert desk("endorsement", "add", *words, "--tool", "pay_back", "-m", "known").code == 0
    assert desk("run", "please pay order A-7 back", "--thread", "t1").code == 0

    listed = desk("endorsement", "list", "--json").document["endorsements"]
    page = desk("endorsement", "list").out
    revoked = desk("endorsement", "revoke", listed[0]["id"], "--reason", "gone")
    asked = desk("run", "please pay order A-7 back", "--thread", "t2")

    assert [(one["value"], one["message"]) for one in listed] == [("A-7", "known"), (25.0, "known")]
    assert "pay_back, order" in page
    assert revoked.code == 0
    assert asked.code == 3
    left = desk("endorsement", "list", "--json").document["endorsements"]
    everything = desk("endorsement", "list", "--all", "--json").document["endorsements"]
    assert [one["value"] for one in left] == [25.0]
    assert [one["state"] for one in everything] == ["revoked", "in force"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "A-7000", "--tool", "nothing"), "no such tool"),
        (("add", "A-7000", "--tool", "pay_back", "--argument", "colour"), "order, amount"),
        (("add", "A-7"), "4 characters"),
        (("add", "{", "--json-value"), "not JSON"),
        (
            ("add", "A-7", "--argument", "order", "--days", "400"),
            "policy.endorsement_expiry_seconds",
        ),
        (("add", "A-7", "--argument", "order", "--days", "-1"), "--days"),
        (("revoke", "en_0"), "none of that id"),
    ],
    ids=["no tool", "no argument", "short anywhere", "no json", "too long", "no days", "no id"],
)
def test_wrong_use_endorses_nothing(desk, words, said):
    """Each error says what was wrong, and nothing is on record."""
    result = desk("endorsement", *words)

    assert result.code == 2
    assert said in " ".join((result.out + result.err).split())
    assert desk("endorsement", "list", "--all", "--json").document == {"endorsements": []}


@pytest.mark.usefixtures("untrusted")
def test_endorsing_what_is_clean_is_refused(desk):
    """Nothing untrusted set it, so it needs no endorsement; the request still waits."""
    question = desk.waiting()

    result = desk("approve", question["id"], "--endorse", "colour")

    assert result.code == 2
    assert "needs no endorsement" in " ".join(result.err.split())
    assert desk.paid() == []


def test_another_tenants_consents_are_neither_seen_nor_taken_back(desk, monkeypatch):
    """An administrator of their own tenant may take it back; of another one, finds nothing."""
    desk("token", "rotate")
    tokens = {
        name: desk("token", "issue", name, "--role", "admin", "--tenant", tenant).out.strip()
        for name, tenant in (("ada", "acme"), ("bea", "acme"), ("gus", "globex"))
    }
    monkeypatch.setenv("POINTSMAN_TOKEN", tokens["ada"])
    given = desk(
        "endorsement", "add", "ORD-7", "--tool", "pay_back", "--argument", "order", "--json"
    )
    wanted = given.document["id"]

    monkeypatch.setenv("POINTSMAN_TOKEN", tokens["gus"])
    assert desk("endorsement", "list", "--json").document == {"endorsements": []}
    assert desk("endorsement", "revoke", wanted).code == 2

    monkeypatch.setenv("POINTSMAN_TOKEN", tokens["bea"])
    [seen] = desk("endorsement", "list", "--json").document["endorsements"]
    assert (seen["by"]["id"], seen["scope"]["tenant"], seen["state"]) == ("ada", "acme", "in force")
    assert desk("endorsement", "revoke", wanted, "--reason", "left").code == 0
    assert desk("endorsement", "list", "--json").document == {"endorsements": []}
