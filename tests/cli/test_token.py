"""`token`, and commands given under one."""

from __future__ import annotations

import pytest

from pointsman.cli.show.amounts import moment


@pytest.fixture
def token(desk, monkeypatch):
    """Return a function that makes a token; the test's own commands stay the local person's."""
    assert desk("token", "rotate").code == 0

    def issue(subject: str, role: str = "user") -> str:
        result = desk("token", "issue", subject, "--role", role)
        assert result.code == 0, result.err
        return result.out.strip()

    return issue


def test_token_stands_alone_on_standard_output(desk, token):
    """A shell can take the token as it is printed, and it is listed without itself."""
    printed = token("ada")

    listed = desk("token", "list", "--json")

    assert printed.count(".") == 2
    assert [t["principal"]["id"] for t in listed.document["tokens"]] == ["ada"]
    assert printed not in listed.out


def test_the_list_says_who_issued_a_token_and_when(desk, token, monkeypatch):
    """Who looks for a token that should not be there sees where it comes from."""
    monkeypatch.setenv("COLUMNS", "300")
    token("ada")
    [issued] = desk("token", "list", "--json").document["tokens"]

    page = desk("token", "list").out

    assert "issued" in page
    assert moment(issued["issued_at"]) in page
    assert f" {issued['issued_by']} " in page


def test_without_keyring_the_way_to_one_is_shown(desk):
    """A token needs a key first."""
    result = desk("token", "issue", "ada")

    assert result.code == 1
    assert "token rotate" in result.err


def test_run_acts_for_the_tokens_principal(desk, token, monkeypatch):
    """The token, not the settings, says who asks."""
    monkeypatch.setenv("POINTSMAN_TOKEN", token("ada"))

    desk("run", "what is order A-7?", "--thread", "t1")
    [run] = desk("trace", "t1", "--json").document["runs"]

    assert run["run"]["principal"]["id"] == "ada"


def test_approver_is_the_tokens_principal(desk, token, monkeypatch):
    """An approval carries its giver's name and role, and that a token vouches for them."""
    question = desk.waiting()
    monkeypatch.setenv("POINTSMAN_TOKEN", token("grace", "admin"))

    result = desk("approve", question["id"])
    entries = desk("audit", "list", "--json").document["entries"]

    [decision] = [e["body"] for e in entries if e["kind"] == "approval_decided"]
    assert result.code == 0, result.err
    assert (decision["approver"], decision["approver_role"]) == ("grace", "admin")
    assert decision["approver_authenticated"] is True


def test_user_may_not_approve_money(desk, token, monkeypatch):
    """Whom policy lets approve nothing gets the reason, and nothing is paid."""
    question = desk.waiting()
    monkeypatch.setenv("POINTSMAN_TOKEN", token("eve"))

    result = desk("approve", question["id"])

    assert result.code == 2
    assert desk.paid() == []
    assert desk("approvals", "--json").document["approvals"] != []


def test_user_may_not_operate_the_agent(desk, token, monkeypatch):
    """Switches and tokens are for those whom policy lets administer."""
    monkeypatch.setenv("POINTSMAN_TOKEN", token("eve"))

    assert desk("switch", "set", "pause").code == 1
    assert desk("token", "issue", "mallory", "--role", "super_admin").code == 1
    assert desk("switch", "list", "--json").document == {"switches": []}


def test_revoked_token_opens_nothing(desk, token, monkeypatch):
    """After its revocation a token is refused."""
    printed = token("ada")
    [record] = desk("token", "list", "--json").document["tokens"]
    revoked = desk("token", "revoke", record["jti"], "--reason", "lost")
    monkeypatch.setenv("POINTSMAN_TOKEN", printed)

    result = desk("run", "what is order A-7?")

    assert revoked.code == 0
    assert result.code == 1
    assert "revoked" in result.err
    assert printed not in result.err


def test_retired_key_no_longer_vouches(desk, token, monkeypatch):
    """A token of a retired key is refused; the active key cannot be retired."""
    printed = token("ada")
    rotated = desk("token", "rotate", "--json").document
    [old] = [kid for kid in rotated["keys"] if kid != rotated["active"]]

    assert desk("token", "retire", rotated["active"]).code == 1
    assert desk("token", "retire", old).code == 0
    monkeypatch.setenv("POINTSMAN_TOKEN", printed)
    assert desk("run", "what is order A-7?").code == 1


def test_what_a_retired_key_decided_counts_no_more(desk, token, monkeypatch):
    """An approval by a token of the old key is asked again instead of being carried out."""
    question = desk.waiting()
    monkeypatch.setenv("POINTSMAN_TOKEN", token("grace", "admin"))
    assert desk("approve", question["id"], "--no-resume").code == 0
    monkeypatch.delenv("POINTSMAN_TOKEN")
    rotated = desk("token", "rotate", "--json").document
    [old] = [kid for kid in rotated["keys"] if kid != rotated["active"]]

    assert desk("token", "retire", old).code == 0

    assert desk("resume", "t1").code == 3
    assert desk.paid() == []


@pytest.mark.usefixtures("two_people")
def test_self_issued_tokens_are_one_person(desk, monkeypatch):
    """Whoever issues tokens at the command line is the one person behind each of them."""
    question = desk.waiting()
    desk("token", "rotate")
    root = desk("token", "issue", "root", "--role", "super_admin").out.strip()
    ann = desk("token", "issue", "ann", "--role", "admin").out.strip()
    monkeypatch.setenv("POINTSMAN_TOKEN", root)
    bob = desk("token", "issue", "bob", "--role", "admin").out.strip()

    codes = []
    for token in (ann, bob, root):
        monkeypatch.setenv("POINTSMAN_TOKEN", token)
        codes.append(desk("approve", question["id"], "--no-resume").code)
    monkeypatch.delenv("POINTSMAN_TOKEN")
    codes += [desk("approve", question["id"]).code, desk("resume", "t1").code]

    assert codes == [0, 2, 2, 2, 3]
    assert desk.paid() == []
