"""A thread id is anybody's to choose: it leads nobody to somebody else's journal."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from pointsman.errors import TaskError
from pointsman.models.calling.budget import caps_for
from pointsman.models.catalog.settings import BudgetSettings, CapSettings
from pointsman.runs.ownership import has_authority
from pointsman.runs.trace import trace
from pointsman.state.run import Principal, Run

ANN = {"id": "ann", "tenant": "acme"}
STRANGERS = [
    pytest.param({"id": "ann", "tenant": "globex"}, id="same-name-other-tenant"),
    pytest.param({"id": "eve", "tenant": "globex", "role": "admin"}, id="other-tenants-admin"),
    pytest.param({"id": "bob", "tenant": "acme"}, id="colleague-without-authority"),
    pytest.param({"id": "local", "tenant": "globex"}, id="local-in-other-tenant"),
    pytest.param({}, id="local"),
]
INHERITORS = [
    pytest.param(ANN, id="herself"),
    pytest.param({"id": "ada", "tenant": "acme", "role": "admin"}, id="her-tenants-admin"),
    pytest.param({"id": "root", "role": "super_admin"}, id="super-admin"),
]


def plan(w: Any) -> Any:
    """Read and pay."""
    return w.plan(w.step("look", "look", item="1"), w.step("pay", "pay", to="ann", amount=5.0))


async def played(desk: Any, w: Any, principal: Any, checkpointer: Any = None) -> Any:
    """Have somebody run the same task on thread `t`, approve, and return both outputs."""
    desk.checkpointer = checkpointer or InMemorySaver()
    agent = desk.agent(plan(w), principal=principal)
    asked = await desk.ask(agent, "Pay ann 5")
    if w.requests(asked):
        await desk.decide(agent, w.requests(asked)[0]["id"], w.APPROVE, "boss", role="super_admin")
        return asked, await desk.go_on(agent)
    return asked, asked


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_a_stranger_starts_from_nothing(desk: Any, w: Any, stranger: Any) -> None:
    """Same thread id, same words, same store: own plan, own look-up, own approval, own effect."""
    await played(desk, w, ANN)
    noted = await desk.store.journal.notes("t")

    asked, _ = await played(desk, w, stranger)

    runs = {note["run_id"] for note in await desk.store.journal.notes("t")}
    assert len(runs) == 2 * len({note["run_id"] for note in noted})
    assert [r["status"] for r in asked["results"].values()].count("waiting") == 1
    assert len(desk.called("look")) == len(desk.called("pay")) == 2


@pytest.mark.parametrize("inheritor", INHERITORS)
async def test_who_has_authority_goes_on_with_the_same_run(
    desk: Any, w: Any, inheritor: Any
) -> None:
    """A replay by the owner, or an administrator of theirs, repeats no effect."""
    await played(desk, w, ANN)

    asked, _ = await played(desk, w, inheritor)

    assert not w.requests(asked)
    assert asked["results"]["pay"]["status"] == "accepted"
    assert len(desk.called("look")) == len(desk.called("pay")) == 1


async def test_the_local_persons_runs_are_found_as_before(desk: Any, w: Any) -> None:
    """Runs from before there were scopes have the ids that they had."""
    await played(desk, w, {})
    asked, _ = await played(desk, w, {})

    assert not w.requests(asked)
    assert len(desk.called("pay")) == 1


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_a_stranger_does_not_go_on_in_a_conversation(
    desk: Any, w: Any, stranger: Any
) -> None:
    """With the checkpoints at hand too: earlier turns are the owner's."""
    checkpointer = InMemorySaver()
    await played(desk, w, ANN, checkpointer)
    agent = desk.agent(plan(w), principal=stranger)

    with pytest.raises(TaskError, match="somebody else's"):
        await desk.ask(agent, "What did ann say?")

    assert len(desk.called("look")) == 1


async def test_a_trace_tells_nothing_of_another_tenants_thread(desk: Any, w: Any) -> None:
    """One store, one thread id, two tenants: approvals, effects, calls and audit are apart."""
    await played(desk, w, ANN)
    [hers] = await desk.store.approvals.of_thread("t")
    desk.checkpointer = InMemorySaver()
    agent = desk.agent(plan(w), principal={"id": "gus", "tenant": "globex"})
    await desk.ask(agent, "Pay ann 5")

    told = (await trace(agent, "t", store=desk.store)).model_dump_json()

    assert await desk.store.audit.entries("t")
    assert "gus" in told
    for secret in (hers.run_id, hers.request.id, "acme", "boss"):
        assert secret not in told


def test_authority_ends_at_the_tenant_except_for_super_admins() -> None:
    """As on the Agent Server."""
    ann = Principal(id="ann", tenant="acme")
    admin = Principal(id="ada", role="admin", tenant="acme")

    assert has_authority(admin, ann)
    assert not has_authority(ann, admin)
    assert not has_authority(admin.model_copy(update={"tenant": "globex"}), ann)
    assert has_authority(Principal(id="root", role="super_admin"), ann)
    assert not has_authority(Principal(id="x", role="made-up"), ann)


def test_two_tenants_share_no_cap() -> None:
    """The same thread id or name in another tenant spends from another purse."""
    settings = BudgetSettings(thread=CapSettings(usd=1.0), principal=CapSettings(usd=1.0))

    def keys(tenant: str) -> set[tuple[str, str]]:
        principal = Principal(id="ann", tenant=tenant)
        run = Run(id="r", thread_id="t", started_at=0.0, principal=principal)
        return {(cap.scope, cap.key) for cap in caps_for(run, "s", settings, now=0.0)}

    assert keys("") == {("thread", "t"), ("principal", "ann")}
    assert not keys("acme") & keys("globex")
    assert not keys("acme") & keys("")
