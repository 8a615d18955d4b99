"""People decide from another machine, with a home of its own, on threads that a server runs."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from langgraph_sdk.client import SyncLangGraphClient

from pointsman.cli.app import app
from pointsman.stores import open_store

from .conftest import DESK, RING, Desk, with_keyring

GRAPH = "support_desk"
APPROVE = {"type": "approve"}
REJECT = {"type": "reject", "message": "No."}
RECORDED = {"type": "recorded"}


@dataclass(kw_only=True)
class Office:
    """The command line with another home: it shares the database, and nothing else."""

    desk: Desk
    home: Path
    config: Path

    def __call__(self, *words: str, token: str = "") -> int:
        """Run a command in this process as whoever has the token, and return its exit code."""
        own = {
            "POINTSMAN_HOME": str(self.home),
            "POINTSMAN_KEYRING": str(self.desk.served.folder / RING),
        }
        own |= {"POINTSMAN_TOKEN": token} if token else {}
        with patch.dict(os.environ, own), pytest.raises(SystemExit) as ending:
            app([*words, "-c", str(self.config), "--json"], prog_name="pointsman")
        return int(ending.value.code or 0)


@pytest.fixture(scope="module")
def desk(serve: Callable[..., Any], postgres_of_module: str) -> Iterator[Desk]:
    """Serve the desk over PostgreSQL, with a keyring."""

    def prepare(folder: Path) -> dict[str, str]:
        shutil.copytree(DESK, folder / "desk")
        settings = folder / "desk" / "pointsman.yaml"
        settings.write_text(f"{settings.read_text()}store_url: {json.dumps(postgres_of_module)}\n")
        written = json.loads((folder / "langgraph.json").read_text())
        written["env"]["POINTSMAN_CONFIG"] = str(folder / "desk")
        (folder / "langgraph.json").write_text(json.dumps(written))
        return with_keyring(folder)

    desk = Desk(served=serve(prepare=prepare), store=postgres_of_module)
    with desk.clients:
        yield desk


@pytest.fixture(scope="module")
def office(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Give the other machine."""
    home = tmp_path_factory.mktemp("office")
    config = home / "desk"
    shutil.copytree(desk.served.folder / "desk", config)
    return Office(desk=desk, home=home, config=config)


@dataclass(kw_only=True)
class Case:
    """A claim of Alice's, whose payment and message wait."""

    desk: Desk
    alice: SyncLangGraphClient
    thread: str
    claim: str

    @property
    def waits(self) -> dict[str, str]:
        """Return what waits: tool → request."""
        state: Any = self.alice.threads.get_state(self.thread)
        return {
            request["tool"]: request["id"]
            for interrupt in state["interrupts"]
            for request in interrupt["value"]["pointsman"]["approvals"]
        }

    @property
    def problem(self) -> str:
        """Return why the last decision was refused."""
        state: Any = self.alice.threads.get_state(self.thread)
        return " ".join(i["value"]["pointsman"]["error"] for i in state["interrupts"])

    @property
    def paid(self) -> list[float]:
        """Return what was paid on the claim."""
        return [args["amount"] for args in self.desk.served.calls("pay", self.claim)]

    @property
    def sent(self) -> int:
        """Return how many messages went out on the claim."""
        return len(self.desk.served.calls("send", self.claim))

    def resume(self, value: Any, by: SyncLangGraphClient | None = None) -> Any:
        """Resume through the server; Alice does, unless somebody else is named."""
        return (by or self.alice).runs.wait(self.thread, GRAPH, command={"resume": value})


@pytest.fixture(scope="module")
def alice(desk: Desk) -> SyncLangGraphClient:
    """Connect as a user."""
    return desk.as_("alice")


@pytest.fixture
def case(desk: Desk, alice: SyncLangGraphClient) -> Case:
    """Let a claim wait."""
    claim = f"CLM-{uuid4().int % 10**9}"
    thread = alice.threads.create()["thread_id"]
    alice.runs.wait(thread, GRAPH, input={"task": f"Settle claim {claim}"})
    case = Case(desk=desk, alice=alice, thread=thread, claim=claim)
    assert set(case.waits) == {"pay", "send"}
    return case


def admin(desk: Desk, name: str) -> str:
    """Return an administrator's token."""
    return desk.token(name, role="admin", tenant="acme", scopes=("payments:write",))


def test_what_another_machine_approved_runs_where_the_thread_is(
    desk: Desk, office: Office, case: Case
) -> None:
    """The command says that it only recorded; the server performs it, once."""
    assert office("approve", case.waits["pay"], token=admin(desk, "bea")) == 0
    assert not case.paid

    case.resume(RECORDED)
    case.resume(RECORDED)

    assert case.paid == [40.0]
    assert set(case.waits) == {"send"}


@pytest.mark.parametrize("what", ["token", "principal"])
def test_who_is_revoked_between_word_and_deed_has_not_agreed(
    what: str, desk: Desk, office: Office, case: Case
) -> None:
    """The request waits again, and another person's approval pays."""
    name = f"bea-{uuid4().hex[:6]}"
    token = admin(desk, name)
    assert office("approve", case.waits["pay"], token=token) == 0
    if what == "token":
        desk.revoke(token)
    else:
        desk.switch("revoke_principal", name)

    case.resume(RECORDED)

    assert not case.paid
    assert "pay" in case.waits
    case.resume({"decisions": [APPROVE, REJECT]}, by=desk.as_("ada", role="admin"))
    assert case.paid == [40.0]


def test_an_edit_from_elsewhere_needs_another_persons_approval(
    desk: Desk, office: Office, case: Case
) -> None:
    """The edit is a new action; what was asked first is never paid."""
    to = f"owner-of-{case.claim}"
    edit = json.dumps({"to": to, "amount": 7.5})
    assert office("edit", case.waits["pay"], "--args", edit, token=admin(desk, "bea")) == 0

    case.resume(RECORDED)
    if "pay" in case.waits:
        assert not case.paid
        assert office("approve", case.waits["pay"], token=admin(desk, "cleo")) == 0
        case.resume(RECORDED)

    assert case.paid == [7.5]


@pytest.mark.parametrize("first", ["office", "server"])
def test_the_newest_of_two_places_counts(
    first: str, desk: Desk, office: Office, case: Case
) -> None:
    """A rejection that is sent counts more than an approval on record, and the other way round."""
    ada = desk.as_("ada", role="admin")
    if first == "office":
        assert office("approve", case.waits["pay"], token=admin(desk, "bea")) == 0
        case.resume({"decisions": [REJECT, REJECT]}, by=ada)
        assert not case.paid
    else:
        assert office("reject", case.waits["pay"], token=admin(desk, "bea")) == 0
        case.resume({"decisions": [APPROVE, REJECT]}, by=ada)
        assert case.paid == [40.0]


@pytest.mark.parametrize("turn", range(4))
def test_decisions_in_two_places_at_once_end_as_one_of_them(
    turn: int, desk: Desk, office: Office, case: Case
) -> None:
    """Whichever comes first, what is paid is what the record says, and at most once."""
    ada, request = desk.as_("ada", role="admin"), case.waits["pay"]
    here, there = (APPROVE, "reject") if turn % 2 else (REJECT, "approve")
    bea = admin(desk, "bea")
    sent = {"decisions": [here, REJECT]}
    sending = threading.Timer(turn * 0.2, lambda: case.resume(sent, by=ada))
    sending.start()
    office(there, request, token=bea)
    sending.join()
    for _ in range(3):
        if case.waits:
            case.resume(RECORDED)

    [status] = asyncio.run(_statuses(desk, request))
    assert case.paid == ([40.0] if status == "approved" else [])
    assert "pay" not in case.waits


async def _statuses(desk: Desk, *requests: str) -> list[str]:
    async with open_store(desk.store) as store:
        return [record.status for record in await store.approvals.get_all(requests)]


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "approve", "args": {"to": "eve", "amount": 1.0}},
        {"type": "approve", "edited_action": {"name": "pay", "args": {"to": "eve", "amount": 1.0}}},
        {"type": "accept", "args": {"action": "pay", "args": {"to": "eve", "amount": 1.0}}},
        {"type": "approve", "arguments": {"to": "eve"}},
        {"type": "approve", "action": {"name": "pay", "args": {"to": "eve", "amount": 1.0}}},
        {"type": "approve", "args": {"amount": 4000}},
        {"type": "accept", "args": {"to": "eve", "amount": 40.0}},
        {"type": "approve", "input": {"to": "eve"}},
        {"type": "approve", "name": "send"},
        {"type": "approve", "digest": "0" * 64},
    ],
)
def test_an_approval_with_changed_arguments_is_refused(
    changed: Any, desk: Desk, case: Case
) -> None:
    """Neither what was asked nor what was written runs, and both are asked for again."""
    case.resume({"decisions": [changed, REJECT]}, by=desk.as_("ada", role="admin"))

    assert not case.paid
    assert set(case.waits) == {"pay", "send"}
    assert case.problem


def test_nobody_of_another_tenant_decides_from_elsewhere(
    desk: Desk, office: Office, case: Case
) -> None:
    """Not even its administrator, who knows the id; and nobody without a token."""
    other = desk.token("mallory", role="admin", tenant="other", scopes=("payments:write",))
    asker = desk.token("alice", tenant="acme", scopes=("payments:write",))
    for token in (other, asker, "", "x.y.z"):
        for word in (("approve",), ("edit", "--args", '{"to": "eve", "amount": 1.0}')):
            assert office(*word, case.waits["pay"], token=token) != 0

    case.resume(RECORDED)

    assert not case.paid
    assert set(case.waits) == {"pay", "send"}


def test_what_is_taken_back_elsewhere_does_not_run(desk: Desk, office: Office, case: Case) -> None:
    """It is asked anew, under another id, which can be approved."""
    request = case.waits["pay"]
    assert office("approve", request, token=admin(desk, "bea")) == 0
    assert office("withdraw", request, "--message", "wait", token=admin(desk, "cleo")) == 0

    case.resume(RECORDED)

    assert not case.paid
    assert case.waits["pay"] != request
    assert office("approve", case.waits["pay"], token=admin(desk, "bea")) == 0
    case.resume(RECORDED)
    assert case.paid == [40.0]


def test_a_fork_whose_plan_was_edited_asks_for_its_own_call(
    desk: Desk, office: Office, case: Case
) -> None:
    """What was approved and paid is the first plan's; the fork's waits, and pays once approved."""
    root = desk.as_("root", role="super_admin")
    asked: Any = root.threads.get_state(case.thread)
    assert office("approve", case.waits["pay"], token=admin(desk, "bea")) == 0
    case.resume(RECORDED)
    assert case.paid == [40.0]
    history: Any = root.threads.get_history(case.thread, limit=50)
    planned = next(s for s in reversed(history) if s["next"] == ["lane"] or "lane" in s["next"])
    plan = json.loads(
        json.dumps(planned["values"]["plan"]).replace('"path": "amount"', '"path": "amount"')
    )
    for step in plan["steps"]:
        if step["id"] == "pay":
            step["args"]["amount"] = 99.0
    made = root.threads.update_state(
        case.thread, {"plan": plan}, as_node="plan", checkpoint=planned["checkpoint"]
    )
    root.runs.wait(case.thread, GRAPH, checkpoint=made["checkpoint"])
    assert case.paid == [40.0], asked
    assert "pay" in case.waits
    assert office("approve", case.waits["pay"], token=admin(desk, "bea")) == 0
    case.resume(RECORDED)
    assert case.paid == [40.0, 99.0]
