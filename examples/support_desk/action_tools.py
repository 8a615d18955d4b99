"""Tools that change something. Each says what an approver must know, and repeats nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

from pydantic import Field

from ...state.values import Json, JsonObject
from ...tools.contract import Tool, ToolCall
from ...tools.decorator import tool
from . import actions, citations, records
from .database import reading, writing
from .fields import Address, CustomerId, Email, Line, OrderId, PaidAmount, Text


def refunds(home: Path) -> Tool:
    """Return the tool that pays money back."""

    def describe(args: JsonObject) -> str:
        what = f"item {args['sku']} of order" if args.get("sku") else "order"
        return (
            f"Refund {args['amount']:.2f} US dollars for {what} {args['order_id']} to the payment "
            f"method that was charged. Reason: {args['reason']}"
        )

    async def preview(args: JsonObject, _call: ToolCall) -> Json:
        return await asyncio.to_thread(lambda: _refund_preview(home, args))

    async def reconcile(key: str, _args: JsonObject) -> tuple[bool, Json]:
        found = await asyncio.to_thread(lambda: _read_refund(home, key))
        return found is not None, None if found is None else {"refund": found}

    @tool(
        effect="money",
        trust="trusted",
        idempotency="key",
        consequential=("order_id", "amount", "sku"),
        amount="amount",
        scopes=("refunds:write",),
        risk=("money",),
        describe=describe,
        preview=preview,
        reconcile=reconcile,
        cite=citations.cite_refund,
    )
    def issue_refund(
        order_id: OrderId,
        amount: PaidAmount,
        reason: Line,
        call: ToolCall,
        sku: Annotated[str, Field(pattern=r"^([A-Z]{3}-\d{2})?$")] = "",
    ) -> JsonObject:
        """Refund an order or one item of it, to the payment method that was charged.

        Args:
            order_id: The order number (ORD-1001).
            amount: US dollars; at most what is left of the payment.
            reason: Why, in one sentence.
            call: What the refund is recorded under.
            sku: The item; empty for the whole order.
        """
        with writing(home) as db:
            return actions.refund(
                db,
                order_id=order_id,
                amount=amount,
                reason=reason,
                sku=sku,
                key=call.idempotency_key,
            )

    return issue_refund


def _refund_preview(home: Path, args: JsonObject) -> JsonObject:
    with reading(home) as db:
        payment = records.get_order(db, args["order_id"])["payment"]
    return {
        "payment": payment["id"],
        "method": payment["method"],
        "paid": payment["amount"],
        "refunded_before": payment["refunded"],
        "refunded_after": round(payment["refunded"] + args["amount"], 2),
    }


def _read_refund(home: Path, key: str) -> JsonObject | None:
    with reading(home) as db:
        return actions.refund_of(db, key)


def accounts(home: Path) -> list[Tool]:
    """Return the tools that change a customer's record."""

    async def preview(args: JsonObject, _call: ToolCall) -> Json:
        return await asyncio.to_thread(lambda: _account_preview(home, args))

    @tool(
        effect="account",
        trust="trusted",
        idempotency="natural",
        scopes=("accounts:write",),
        risk=("account",),
        describe=lambda args: (
            f"Change the e-mail address of {args['customer_id']} to {args['new_email']}."
        ),
        preview=preview,
        cite=citations.cite_customer,
    )
    def change_email(customer_id: CustomerId, new_email: Email) -> JsonObject:
        """Change a customer's e-mail address.

        Args:
            customer_id: The customer number (CUS-0001).
            new_email: The new address; no other account may use it.
        """
        with writing(home) as db:
            return actions.change_email(db, customer_id, new_email)

    @tool(
        effect="account",
        trust="trusted",
        idempotency="natural",
        scopes=("accounts:write",),
        risk=("account",),
        describe=lambda args: (
            f"Change the postal address of {args['customer_id']} to {args['address']}."
        ),
        preview=preview,
        cite=citations.cite_customer,
    )
    def change_address(customer_id: CustomerId, address: Address) -> JsonObject:
        """Change a customer's postal address, for future orders.

        Args:
            customer_id: The customer number (CUS-0001).
            address: Street, city, state and postal code.
        """
        with writing(home) as db:
            return actions.change_address(db, customer_id, address)

    return [change_email, change_address]


def _account_preview(home: Path, args: JsonObject) -> JsonObject:
    field, value = (
        ("email", args["new_email"]) if "new_email" in args else ("address", args["address"])
    )
    with reading(home) as db:
        customer = records.find_customer(db, args["customer_id"])
    return {"customer": customer["id"], "before": customer[field], "after": value}


def replies(home: Path) -> Tool:
    """Return the tool that writes to customers."""

    async def reconcile(key: str, _args: JsonObject) -> tuple[bool, Json]:
        found = await asyncio.to_thread(lambda: _read_message(home, key))
        return found is not None, None if found is None else {"message": found}

    @tool(
        effect="message",
        trust="trusted",
        idempotency="key",
        consequential=("to", "subject", "body"),
        scopes=("messages:send",),
        risk=("customer_contact",),
        describe=lambda args: f"Send “{args['subject']}” to {args['to']}:\n{args['body']}",
        reconcile=reconcile,
        cite=citations.cite_message,
    )
    def send_reply(to: Email, subject: Line, body: Text, call: ToolCall) -> JsonObject:
        """Send an e-mail to a customer.

        Args:
            to: The address stored in the customer's account.
            subject: The subject line.
            body: The message.
            call: What the message is recorded under.
        """
        with writing(home) as db:
            return actions.send_reply(
                db, to=to, subject=subject, body=body, key=call.idempotency_key
            )

    return send_reply


def _read_message(home: Path, key: str) -> JsonObject | None:
    with reading(home) as db:
        return actions.message_of(db, key)
