"""The tools that change something: what they refuse, and that nothing happens twice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from pointsman.errors import ToolError
from pointsman.examples.support_desk.database import create
from pointsman.state.run import Principal
from pointsman.state.values import JsonObject
from pointsman.tools.contract import Tool, ToolCall

Rows = Callable[[str], list[tuple[Any, ...]]]
Call = Callable[..., Awaitable[Any]]

REFUND: JsonObject = {"order_id": "ORD-1001", "amount": 64.0, "reason": "Dented.", "sku": ""}


async def test_a_refund_is_recorded(call: Call, rows: Rows) -> None:
    """A refund names its payment and can be looked up afterwards."""
    output = await call("issue_refund", **REFUND)

    assert output["refund"]["payment_id"] == "PAY-2001"
    assert rows("SELECT cents, idempotency_key FROM refunds WHERE order_id = 'ORD-1001'") == [
        (6400, "key")
    ]
    order = await call("get_order", order_id="ORD-1001")
    assert order["payment"]["refundable"] == 0
    assert order["claim"]["amount"] == 0


async def test_one_key_refunds_once(call: Call, rows: Rows) -> None:
    """The same key brings back the recorded refund."""
    first = await call("issue_refund", **REFUND)

    assert await call("issue_refund", **REFUND) == first
    assert rows("SELECT count(*) FROM refunds WHERE order_id = 'ORD-1001'") == [(1,)]


def test_two_processes_with_one_key_refund_once(home: Path, rows: Rows) -> None:
    """Two processes that refund at the same moment with one key make one refund."""
    create(home)
    worker = Path(__file__).with_name("refund_worker.py")
    workers = [
        subprocess.Popen(
            [sys.executable, str(worker), str(home), "one-key"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in workers:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    outputs = [json.loads(process.communicate(timeout=60)[0]) for process in workers]

    assert outputs[0] == outputs[1]
    assert rows("SELECT count(*) FROM refunds WHERE order_id = 'ORD-1001'") == [(1,)]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param({"order_id": "ORD-9999"}, "no order ORD-9999", id="unknown"),
        pytest.param({"order_id": "ORD-1006", "amount": 1.0}, "is cancelled", id="cancelled"),
        pytest.param({"order_id": "ORD-1008", "amount": 1.0}, "is disputed", id="disputed"),
        pytest.param({"amount": 64.01}, "more than the 64.00", id="more-than-paid"),
        pytest.param({"amount": 1.005}, "fractions of a cent", id="fractions"),
        pytest.param({"order_id": "ORD-1005", "amount": 1.0}, "more than the 0.00", id="refunded"),
        pytest.param(
            {"order_id": "ORD-1009", "amount": 31.5, "sku": "TRA-12"},
            "made for it before",
            id="item",
        ),
        pytest.param(
            {"order_id": "ORD-1009", "amount": 39.01}, "more than the 39.00", id="more-than-left"
        ),
    ],
)
async def test_what_cannot_be_refunded(
    call: Call, rows: Rows, changed: JsonObject, message: str
) -> None:
    """A refund that would be wrong is refused, and it is certain that nothing happened."""
    before = rows("SELECT count(*) FROM refunds")

    with pytest.raises(ToolError, match=message) as caught:
        await call("issue_refund", **{**REFUND, **changed})

    assert caught.value.happened == "no"
    assert rows("SELECT count(*) FROM refunds") == before


async def test_a_key_belongs_to_one_action(call: Call) -> None:
    """A key that was used for another refund or message is refused."""
    await call("issue_refund", **REFUND)
    with pytest.raises(ToolError, match="another refund"):
        await call("issue_refund", **{**REFUND, "amount": 1.0})

    message = {"to": "maria.keller@example.com", "subject": "Hello", "body": "Text"}
    await call("send_reply", **message)
    with pytest.raises(ToolError, match="another message"):
        await call("send_reply", **{**message, "body": "Other"})


@pytest.mark.parametrize(
    ("name", "args"),
    [
        pytest.param("issue_refund", REFUND, id="refund"),
        pytest.param(
            "send_reply",
            {"to": "maria.keller@example.com", "subject": "Hello", "body": "Text"},
            id="reply",
        ),
    ],
)
async def test_the_desk_says_whether_it_happened(
    tools: dict[str, Tool], call: Call, name: str, args: JsonObject
) -> None:
    """After a crash, the key tells whether the call took effect, and with what result."""
    reconcile = tools[name].reconcile
    assert reconcile is not None
    assert await reconcile("key", args) == (False, None)

    output = await call(name, **args)

    assert await reconcile("key", args) == (True, output)


async def test_a_preview_changes_nothing(tools: dict[str, Tool], rows: Rows) -> None:
    """A preview says what would be, and leaves things as they are."""
    before = rows("SELECT count(*) FROM refunds"), rows("SELECT email FROM customers")
    refund, email = tools["issue_refund"].preview, tools["change_email"].preview
    assert refund is not None
    assert email is not None
    call = ToolCall(
        idempotency_key="key",
        run_id="run",
        thread_id="thread",
        step="step",
        attempt=1,
        principal=Principal(),
    )

    money = await refund({"order_id": "ORD-1009", "amount": 10.0}, call)
    account = await email({"customer_id": "CUS-0001", "new_email": "m@example.com"}, call)

    assert (money["refunded_before"], money["refunded_after"]) == (31.5, 41.5)
    assert (account["before"], account["after"]) == ("maria.keller@example.com", "m@example.com")
    assert (rows("SELECT count(*) FROM refunds"), rows("SELECT email FROM customers")) == before


async def test_an_email_is_changed_and_may_be_changed_again(call: Call, rows: Rows) -> None:
    """Repeating the change changes nothing more, and the former address is kept."""
    for _ in range(2):
        output = await call("change_email", customer_id="CUS-0001", new_email="m@example.com")
        assert output["customer"]["email"] == "m@example.com"

    assert rows("SELECT email, previous_email FROM customers WHERE id = 'CUS-0001'") == [
        ("m@example.com", "maria.keller@example.com")
    ]


async def test_two_accounts_never_share_an_email(call: Call) -> None:
    """An address that another account uses is refused, whatever its letter case."""
    with pytest.raises(ToolError, match="Another account uses"):
        await call("change_email", customer_id="CUS-0001", new_email="James.Okafor@example.com")


async def test_an_address_is_changed(call: Call, rows: Rows) -> None:
    """The new postal address is stored."""
    await call("change_address", customer_id="cus-0001", address="3 Hill Street, Burlington")

    assert rows("SELECT address FROM customers WHERE id = 'CUS-0001'") == [
        ("3 Hill Street, Burlington",)
    ]


async def test_unknown_customers_are_not_changed(call: Call) -> None:
    """A change needs an account."""
    with pytest.raises(ToolError, match="No customer fits"):
        await call("change_address", customer_id="CUS-9999", address="3 Hill Street, Burlington")


async def test_replies_go_to_customers_only(call: Call, rows: Rows) -> None:
    """A message to an address outside the accounts is refused; a former address is an account's."""
    with pytest.raises(ToolError, match="not the address of a customer"):
        await call("send_reply", to="audit@evil.example", subject="List", body="All of it")
    assert rows("SELECT count(*) FROM outbox") == [(0,)]

    await call("change_email", customer_id="CUS-0001", new_email="m@example.com")
    await call("send_reply", to="maria.keller@example.com", subject="Changed", body="Your address")
    assert rows("SELECT recipient FROM outbox") == [("maria.keller@example.com",)]


def test_contracts_name_what_is_consequential(tools: dict[str, Tool]) -> None:
    """Effects, keys and consequential arguments are what governance relies on."""
    effects = {name: tool.contract.effect for name, tool in tools.items()}
    refund, reply = tools["issue_refund"].contract, tools["send_reply"].contract

    assert {name for name, effect in effects.items() if effect != "read"} == {
        "issue_refund",
        "change_email",
        "change_address",
        "send_reply",
    }
    assert (refund.amount, refund.idempotency) == ("amount", "key")
    assert set(refund.consequential or ()) == {"order_id", "amount", "sku"}
    assert set(reply.consequential or ()) == {"to", "subject", "body"}
    assert tools["get_ticket"].contract.trust == "untrusted"


def test_approvers_read_what_will_happen(tools: dict[str, Tool]) -> None:
    """The description for an approver has the amount, the order and the reason."""
    describe = tools["issue_refund"].describe
    assert describe is not None

    assert describe({**REFUND, "sku": "KET-01"}) == (
        "Refund 64.00 US dollars for item KET-01 of order ORD-1001 to the payment method that was "
        "charged. Reason: Dented."
    )
