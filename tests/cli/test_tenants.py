"""One home, several tenants: each sees what is theirs, and super administrators see all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

PEOPLE = {
    "ann": ("user", "acme"),
    "ada": ("admin", "acme"),
    "gus": ("admin", "globex"),
    "nil": ("admin", ""),
    "root": ("super_admin", ""),
}


@pytest.fixture
def act_as(desk: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give a function that has the next commands be somebody's."""
    desk("token", "rotate")
    desk("token", "issue", "root", "--role", "super_admin")
    tokens = {
        name: desk("token", "issue", name, "--role", role, "--tenant", tenant).out.strip()
        for name, (role, tenant) in PEOPLE.items()
    }

    def become(name: str) -> None:
        monkeypatch.setenv("POINTSMAN_TOKEN", tokens[name])

    return become


def threads(entries: list[Any]) -> set[str]:
    """Return the threads that entries of the log are of."""
    return {entry["thread_id"] for entry in entries if entry["run_id"]}


@pytest.fixture
def waiting(desk: Any, act_as: Callable[[str], None]) -> dict[str, Any]:
    """Have ann of acme and gus of globex ask for two payments each; one is decided on."""
    asked: dict[str, Any] = {}
    for name in ("ann", "gus"):
        act_as(name)
        asked[name] = desk.waiting(thread=name)
        done = desk.waiting(thread=f"{name}-done")
        act_as("root")
        assert desk("reject", done["id"], "--no-resume").code == 0
    return asked


SEEN = {"ann": {"ann"}, "ada": {"ann"}, "gus": {"gus"}, "nil": set(), "root": {"ann", "gus"}}


@pytest.mark.parametrize("who", SEEN)
def test_a_tenant_sees_its_own_requests_and_entries(
    desk: Any, act_as: Callable[[str], None], waiting: dict[str, Any], who: str
) -> None:
    """The lists of what waits and of who did what; also where another's thread is named."""
    act_as(who)

    listed = desk("approvals", "--json").document["approvals"]
    entries = desk("audit", "list", "--json").document["entries"]

    assert {one["thread"] for one in listed} == SEEN[who]
    assert threads(entries) == {f"{name}{end}" for name in SEEN[who] for end in ("", "-done")}
    for other in {"ann", "gus"} - SEEN[who]:
        assert desk("approvals", "--thread", other, "--json").document == {"approvals": []}
        assert desk("audit", "list", "--thread", f"{other}-done", "--json").document == {
            "entries": []
        }


def test_a_long_log_is_looked_through_a_page_at_a_time(
    desk: Any,
    act_as: Callable[[str], None],
    waiting: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many entries of others stand between, and no further than was asked for."""
    act_as("ada")
    whole = desk("audit", "list", "--json").document["entries"]
    monkeypatch.setattr("pointsman.cli.opened.sight.PAGE", 2)

    assert desk("audit", "list", "--json").document["entries"] == whole
    assert desk("audit", "list", "--json", "--limit", "1").document["entries"] == whole[-1:]


@pytest.mark.parametrize("who", ["ada", "gus", "nil"])
def test_another_tenants_thread_is_as_one_that_is_not_there(
    desk: Any, act_as: Callable[[str], None], waiting: dict[str, Any], who: str
) -> None:
    """Neither its trace, nor its journal and ledger through it, nor a way to go on with it."""
    act_as(who)
    for other in {"ann", "gus"} - SEEN[who]:
        absent = desk("trace", "nothing", "--json")
        for command in ("trace", "resume"):
            refused = desk(command, other, "--json")
            assert refused.code == absent.code == 2
            assert refused.document["error"]["message"] == absent.document["error"]["message"]
            assert "A-7" not in refused.out + refused.err


@pytest.mark.parametrize("command", ["approve", "reject", "withdraw"])
def test_another_tenants_request_is_not_decided(
    desk: Any, act_as: Callable[[str], None], waiting: dict[str, Any], command: str
) -> None:
    """It is said to be none, whatever the role in one's own tenant."""
    act_as("gus")

    refused = desk(command, waiting["ann"]["id"], "--json")
    act_as("root")

    assert refused.code == 2
    assert refused.document["error"]["message"] == "There is no such request."
    assert len(desk("approvals", "--json").document["approvals"]) == 2
    assert desk.paid() == []


def test_the_settings_tenant_binds_as_a_tokens_does(
    desk: Any,
    act_as: Callable[[str], None],
    waiting: dict[str, Any],
    monkeypatch: Any,
    add_settings: Callable[[str], None],
) -> None:
    """Without a token too: whom the settings place in a tenant sees that one's."""
    monkeypatch.delenv("POINTSMAN_TOKEN")
    assert len(desk("approvals", "--json").document["approvals"]) == 2

    add_settings("principal: {id: ada, role: admin, tenant: globex}")

    [seen] = desk("approvals", "--json").document["approvals"]
    assert seen["thread"] == "gus"
    assert threads(desk("audit", "list", "--json").document["entries"]) == {"gus", "gus-done"}
    assert desk("trace", "ann").code == 2
    assert desk("trace", "gus").code == 0
