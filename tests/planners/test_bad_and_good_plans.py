"""What a model may write: bad plans are refused before anything runs, good ones pass at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads that of typing from Python 3.12 on

from pointsman import Settings, build_agent, open_store, tool
from pointsman.testing import ScriptedModel

DATA = Path(__file__).parent / "data"
BAD: dict[str, Any] = yaml.safe_load((DATA / "bad_plans.yaml").read_text())
GOOD: dict[str, Any] = yaml.safe_load((DATA / "good_plans.yaml").read_text())

Status = Literal["open", "damaged", "closed"]


class Order(TypedDict):
    """An order."""

    id: str
    total: float
    status: Status
    on: str
    note: str | None


class Orders(TypedDict):
    """Orders of a customer."""

    orders: list[Order]


class Ruling(TypedDict):
    """What may be refunded."""

    allowed: bool
    reason: str


CALLS: list[str] = []


@tool(effect="read", trust="internal")
async def find_orders(customer: str) -> Orders:
    """List a customer's orders."""
    CALLS.append("find_orders")
    return {"orders": [_order("A", 12.5, "damaged"), _order("B", 99.0, "open")]}


@tool(effect="read", trust="internal")
async def get_order(id: str) -> Order:  # noqa: A002 - as APIs call it
    """Look one order up."""
    CALLS.append("get_order")
    return _order(id, 12.5, "damaged")


def _order(number: str, total: float, status: Status) -> Order:
    return {"id": number, "total": total, "status": status, "on": "2026-03-01", "note": None}


@tool(effect="read", trust="internal")
async def check_refund(order: str) -> Ruling:
    """Say whether an order may be refunded."""
    CALLS.append("check_refund")
    return {"allowed": order == "A", "reason": "It is damaged."}


@tool(effect="money", trust="internal", idempotency="key")
async def refund(
    order: str, amount: Annotated[float, Field(gt=0)], reason: str = ""
) -> dict[str, str]:
    """Pay an order back."""
    CALLS.append("refund")
    return {"receipt": f"R-{order}"}


@tool(effect="message", trust="internal", idempotency="key")
async def send_mail(to: str, subject: str, body: str) -> dict[str, str]:
    """Send a mail."""
    CALLS.append("send_mail")
    return {"id": "M-1"}


@tool(effect="read", trust="internal")
async def get_rate(currency: Literal["EUR", "USD", "GBP"]) -> float:
    """Return the rate to Swiss francs."""
    CALLS.append("get_rate")
    return 0.95


@tool(effect="read", trust="untrusted")
async def read_file(name: str) -> str:
    """Read a file that anybody may have written."""
    CALLS.append("read_file")
    return "Order A came damaged."


TOOLS = [find_orders, get_order, check_refund, refund, send_mail, get_rate, read_file]


@pytest.fixture(autouse=True)
def calls() -> Iterator[list[str]]:
    """Give the calls that were really made."""
    CALLS.clear()
    yield CALLS
    CALLS.clear()


async def planned(reply: dict[str, Any], home: Path) -> tuple[Any, ScriptedModel]:
    """Run a plan that its planner does not mend; return the state and the planner."""
    planner = ScriptedModel(replies=[reply, *[{"steps": [], "answer": "I give up."}] * 3])
    store = open_store(home / "p.db")
    model = ScriptedModel(replies=[{"text": "x"}] * 3)
    agent = build_agent(
        Settings(home=home),
        tools=TOOLS,
        models={"planner": planner, "reasoner": model, "generator": model},
        store=store,
    )
    try:
        return await agent.ainvoke({"task": "Refund the damaged order of Ann"}), planner
    finally:
        await store.close()


@pytest.mark.parametrize("plan", BAD.values(), ids=BAD)
async def test_a_bad_plan_is_refused_before_anything_runs(plan: Any, tmp_path: Path) -> None:
    """The planner is told step, field and what mends it, and nothing was called."""
    reply = {key: value for key, value in plan.items() if key not in ("where", "says")}

    _, planner = await planned(reply, tmp_path)

    assert CALLS == []
    told = planner.prompts[1][-1].text
    assert told.startswith("That plan breaks a rule.") or "not accepted" in told
    assert plan["where"] in told
    assert plan["says"] in told


@pytest.mark.parametrize("plan", GOOD.values(), ids=GOOD)
async def test_a_good_plan_passes_at_once(plan: Any, tmp_path: Path) -> None:
    """The planner is asked once, whatever becomes of the plan's steps then."""
    _, planner = await planned({**plan, "then_plan": ""}, tmp_path)

    assert not any("breaks a rule" in m.text for p in planner.prompts for m in p)
    assert not any("keeps the rules, but" in m.text for p in planner.prompts for m in p)
    assert not any("was not accepted" in m.text for p in planner.prompts for m in p)


@pytest.mark.parametrize("name", [name for name, plan in GOOD.items() if "then_plan" in plan])
async def test_a_look_with_something_to_do_passes(name: str, tmp_path: Path) -> None:
    """It is asked about again, with what was found."""
    _, planner = await planned(GOOD[name], tmp_path)

    assert "The steps of your plan are done." in planner.prompts[1][-1].text
