"""The tools that read: orders, claims, customers, tickets and policies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pointsman.errors import ToolError
from pointsman.examples.support_desk.policies import search, sections
from pointsman.state.values import JsonObject
from pointsman.tools.contract import Tool

Call = Callable[..., Awaitable[Any]]


@pytest.mark.parametrize(
    "query", ["CUS-0003", "cus-0003", "Aiko.Tanaka@example.com", "aiko tanaka"]
)
async def test_a_customer_is_found(call: Call, query: str) -> None:
    """Number, e-mail address and name find the same customer."""
    output = await call("find_customer", query=query)

    assert output["customer"]["id"] == "CUS-0003"


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        pytest.param("find_customer", {"query": "nobody"}, "No customer fits", id="customer"),
        pytest.param("get_order", {"order_id": "ORD-9999"}, "no order ORD-9999", id="order"),
        pytest.param("get_ticket", {"ticket_id": "TCK-9999"}, "no ticket TCK-9999", id="ticket"),
        pytest.param("order_history", {"customer": "%"}, "No customer fits", id="history"),
        pytest.param(
            "get_order", {"order_id": "ORD-1002", "item": "lamp"}, "has no 'lamp'", id="item"
        ),
    ],
)
async def test_what_is_not_there_is_said(
    call: Call, name: str, args: JsonObject, message: str
) -> None:
    """A lookup that finds nothing fails with words, and nothing has happened."""
    with pytest.raises(ToolError, match=message) as caught:
        await call(name, **args)

    assert caught.value.happened == "no"


@pytest.mark.parametrize(
    ("order", "item", "claim"),
    [
        pytest.param("ORD-1001", "", {"clear": True, "sku": "", "amount": 64.0}, id="one-item"),
        pytest.param("ORD-1002", "", {"clear": False, "amount": 0.0}, id="which-item"),
        pytest.param(
            "ORD-1002",
            "french press",
            {"clear": True, "sku": "PRE-04", "amount": 39.0, "items": "French press"},
            id="named",
        ),
        pytest.param(
            "ORD-1002", "mugs", {"clear": True, "sku": "MUG-03", "amount": 58.0}, id="all"
        ),
        pytest.param("ORD-1002", "everything", {"clear": True, "sku": "", "amount": 149.0}, id="*"),
        pytest.param("ORD-1009", "tray", {"clear": True, "amount": 0.0}, id="refunded-before"),
        pytest.param("ORD-1009", "everything", {"clear": True, "amount": 39.0}, id="what-is-left"),
        pytest.param("ORD-1004", "", {"within_window": False}, id="too-late"),
        pytest.param("ORD-1012", "", {"within_window": True}, id="last-day"),
        pytest.param("ORD-1003", "scale", {"within_window": False}, id="not-delivered"),
        pytest.param("ORD-1008", "", {"amount": 0.0}, id="disputed"),
    ],
)
async def test_claims_follow_the_policy(
    call: Call, order: str, item: str, claim: JsonObject
) -> None:
    """What a damage claim may get is decided by records, window and earlier refunds."""
    output = await call("get_order", order_id=order, item=item)

    assert {key: output["claim"][key] for key in claim} == claim


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("ORD-1001", "was delivered on 2026-10-27"),
        ("ORD-1003", "is expected on 2026-11-04"),
        ("ORD-1006", "and cancelled"),
        ("ORD-1007", "is being processed"),
        ("ORD-1011", "is late; it was expected on 2026-10-23"),
    ],
)
async def test_a_summary_says_where_an_order_is(call: Call, order: str, words: str) -> None:
    """Every status has its sentence."""
    output = await call("get_order", order_id=order)

    assert words in output["order"]["summary"]


async def test_history_is_newest_first(call: Call) -> None:
    """The newest orders come first, and the limit holds."""
    output = await call("order_history", customer="CUS-0003", limit=2)

    assert [order["id"] for order in output["orders"]] == ["ORD-1003", "ORD-1010"]


async def test_urgent_tickets_come_first(call: Call) -> None:
    """Open tickets are listed by priority, then age."""
    output = await call("list_tickets", limit=50)
    order = ["urgent", "high", "normal", "low"]
    ranks = [order.index(ticket["priority"]) for ticket in output["tickets"]]

    assert ranks == sorted(ranks)
    assert {ticket["status"] for ticket in output["tickets"]} == {"open"}


async def test_tickets_of_one_customer(call: Call) -> None:
    """The list can be narrowed to a customer."""
    output = await call("list_tickets", customer_id="cus-0002")

    assert [ticket["id"] for ticket in output["tickets"]] == ["TCK-3006", "TCK-3005"]


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("What is your return policy?", "policies/returns.md § Return policy"),
        ("damaged items", "policies/refunds.md § Damaged items"),
        (
            "How long do refunds take to reach my card?",
            "policies/refunds.md § How a refund is paid",
        ),
        ("Do you ship to Canada?", "policies/shipping.md § International shipping"),
        ("How do I earn loyalty points?", "policies/loyalty.md § Earning points"),
        ("Do you offer a price match", "policies/orders-and-payments.md § Price match"),
        ("What happens if my parcel is lost?", "policies/shipping.md § Lost parcels"),
        ("Who approves refunds above 100 dollars?", "policies/refunds.md § Approval of refunds"),
        ("How do I reset my password?", "policies/account-changes.md § Password reset"),
        ("How fast are urgent tickets answered?", "policies/ticket-triage.md § Priorities"),
        ("How long do I have to return an item?", "policies/returns.md § Return policy"),
        ("How long does shipping take?", "policies/shipping.md § Delivery times"),
        ("Are shipping costs refunded?", "policies/refunds.md § Refund amount"),
        ("What if my package never arrives?", "policies/shipping.md § Lost parcels"),
        ("Can opened coffee be returned?", "policies/returns.md § Exceptions"),
    ],
)
def test_questions_find_their_section(question: str, source: str) -> None:
    """The first section found is the one that answers the question."""
    assert search(question)[0].source.startswith(source)


@pytest.mark.parametrize(
    "question",
    [
        "Can I bring pets to the office?",
        "capital of France",
        "",
        "the policy",
        '"; DROP TABLE x',
        "*",
    ],
)
def test_what_no_policy_covers_finds_nothing(question: str) -> None:
    """A question that the policies do not answer has no passages, rather than the nearest one."""
    assert search(question) == []


async def test_procedures_are_found_by_name_only(call: Call) -> None:
    """What agents do next is no answer for a customer."""
    query = "late delivery"
    customer = await call("search_policies", query=query)
    agent = await call("search_policies", query=query, document="next-actions", limit=1)

    assert all("next-actions" not in passage["source"] for passage in customer["passages"])
    assert [passage["heading"] for passage in agent["passages"]] == ["Late delivery"]


def test_policies_are_documents_with_sections() -> None:
    """Every section has a heading and says something, and no heading is used twice."""
    found = sections()

    assert len({section.document for section in found}) == 9
    assert len({section.source for section in found}) == len(found) >= 40
    assert all(len(section.text) > 80 for section in found)


async def test_lookups_do_not_wait_for_each_other(call: Call) -> None:
    """Many lookups at once, each on its own connection, all succeed."""
    orders = [f"ORD-{number}" for number in range(1001, 1041)]
    outputs = await asyncio.gather(*(call("get_order", order_id=order) for order in orders))

    assert [output["order"]["id"] for output in outputs] == orders


@pytest.mark.parametrize(
    ("name", "args", "sources"),
    [
        ("get_order", {"order_id": "ORD-1003"}, ["order ORD-1003", "payment PAY-2003"]),
        ("find_customer", {"query": "CUS-0001"}, ["customer CUS-0001"]),
        ("get_ticket", {"ticket_id": "TCK-3001"}, ["ticket TCK-3001"]),
        (
            "search_policies",
            {"query": "price match"},
            ["policies/orders-and-payments.md § Price match"],
        ),
        (
            "order_history",
            {"customer": "CUS-0006", "limit": 1},
            ["customer CUS-0006", "order ORD-1006"],
        ),
        (
            "issue_refund",
            {"order_id": "ORD-1001", "amount": 1.0, "reason": "Dent."},
            ["refund REF-5030", "payment PAY-2001"],
        ),
    ],
)
async def test_outputs_can_be_cited(
    tools: dict[str, Tool], call: Call, name: str, args: JsonObject, sources: list[str]
) -> None:
    """Every output names its sources as a person would look them up."""
    cite = tools[name].cite
    assert cite is not None

    assert [evidence.source for evidence in cite(args, await call(name, **args))] == sources
