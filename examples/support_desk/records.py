"""What the desk knows: rows, read into the objects that its tools return."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from datetime import date

from ...errors import ToolError
from ...state.values import JsonObject
from .scenarios import TODAY

WINDOW_DAYS = 30
"""Days after delivery in which a damaged item is refunded (policies/refunds.md)."""

_EVERYTHING = re.compile(r"\b(everything|all|whole|entire|complete|both)\b", re.IGNORECASE)


def dollars(cents: int) -> float:
    """Return cents as US dollars."""
    return cents / 100


def find_customer(db: sqlite3.Connection, query: str) -> JsonObject:
    """Find one customer by number, e-mail address or full name.

    Raises:
        ToolError: None or several fit.
    """
    rows = db.execute(
        "SELECT * FROM customers "
        "WHERE id = upper(:query) OR email = :query OR name = :query COLLATE NOCASE",
        {"query": query.strip()},
    ).fetchall()
    if len(rows) != 1:
        raise ToolError(
            f"{'No customer' if not rows else 'More than one customer'} fits {query!r}.",
            where="find_customer",
            fix="Give the customer number (CUS-…) or the e-mail address of the account.",
        )
    return _customer(rows[0])


def _customer(row: sqlite3.Row) -> JsonObject:
    summary = (
        f"{row['name']} ({row['id']}) is a {row['tier']} member with {row['points']} points; "
        f"e-mail {row['email']}, address {row['address']}."
    )
    return {**dict(row), "summary": summary}


def get_order(db: sqlite3.Connection, order_id: str, *, item: str = "") -> JsonObject:
    """Return an order with its items, payment, customer, and what may be claimed for damage.

    Args:
        db: The database.
        order_id: Its number.
        item: The damaged item in the customer's words; empty if nobody named one.

    Raises:
        ToolError: There is no such order, or it has no such item.
    """
    row = db.execute("SELECT * FROM orders WHERE id = upper(?)", (order_id.strip(),)).fetchone()
    if row is None:
        raise ToolError(
            f"There is no order {order_id}.",
            where="get_order",
            fix="Check the order number (ORD- and four digits).",
        )
    items = _items(db, row["id"])
    payment = _payment(db, row["id"])
    customer = db.execute("SELECT * FROM customers WHERE id = ?", (row["customer_id"],)).fetchone()
    return {
        "order": _order(row, items),
        "items": items,
        "payment": payment,
        "customer": _customer(customer),
        "claim": _claim(row, items, payment, item),
    }


def _items(db: sqlite3.Connection, order_id: str) -> list[JsonObject]:
    refunded = {
        row["sku"] for row in db.execute("SELECT sku FROM refunds WHERE order_id = ?", (order_id,))
    }
    rows = db.execute("SELECT * FROM order_items WHERE order_id = ? ORDER BY line", (order_id,))
    return [
        {
            "sku": row["sku"],
            "name": row["name"],
            "quantity": row["quantity"],
            "price": dollars(row["quantity"] * row["unit_cents"]),
            "refunded": row["sku"] in refunded or "" in refunded,
        }
        for row in rows
    ]


def _payment(db: sqlite3.Connection, order_id: str) -> JsonObject:
    row = db.execute("SELECT * FROM payments WHERE order_id = ?", (order_id,)).fetchone()
    refunded = refunded_cents(db, order_id)
    refundable = row["cents"] - refunded if row["status"] == "captured" else 0
    summary = (
        f"Payment {row['id']} of {dollars(row['cents']):.2f} US dollars by {row['method']} for "
        f"order {order_id} is {row['status']}; {dollars(refunded):.2f} refunded, "
        f"{dollars(refundable):.2f} refundable."
    )
    return {
        "id": row["id"],
        "method": row["method"],
        "status": row["status"],
        "amount": dollars(row["cents"]),
        "refunded": dollars(refunded),
        "refundable": dollars(refundable),
        "summary": summary,
    }


def refunded_cents(db: sqlite3.Connection, order_id: str) -> int:
    """Return the sum of an order's refunds in cents."""
    row = db.execute("SELECT sum(cents) FROM refunds WHERE order_id = ?", (order_id,)).fetchone()
    return int(row[0] or 0)


def _order(row: sqlite3.Row, items: Sequence[JsonObject]) -> JsonObject:
    total = sum(item["price"] for item in items)
    listed = ", ".join(f"{item['quantity']} × {item['name']}" for item in items)
    days = (TODAY - date.fromisoformat(row["delivered_on"])).days if row["delivered_on"] else None
    return {
        **dict(row),
        "total": total,
        "days_since_delivery": days,
        "contents": listed,
        "summary": f"Order {row['id']} ({listed}; {total:.2f} US dollars) {_progress(row)}.",
    }


def _progress(row: sqlite3.Row) -> str:
    by = f"with {row['carrier']} (tracking number {row['tracking']})"
    if row["status"] == "delivered":
        return f"was delivered on {row['delivered_on']} {by}"
    if row["status"] == "cancelled":
        return f"was placed on {row['placed_on']} and cancelled"
    if row["status"] == "processing":
        return f"is being processed and expected on {row['expected_on']}"
    late = date.fromisoformat(row["expected_on"]) < TODAY
    expected = (
        f"is late; it was expected on {row['expected_on']}"
        if late
        else (f"is expected on {row['expected_on']}")
    )
    return f"was shipped on {row['shipped_on']} {by} and {expected}"


def _claim(
    row: sqlite3.Row, items: Sequence[JsonObject], payment: JsonObject, wanted: str
) -> JsonObject:
    """Say which items a damage claim is about, and what it may amount to."""
    chosen = _chosen(row["id"], items, wanted)
    whole = len(chosen) == len(items)
    clear = len(chosen) == 1 or (whole and bool(_EVERYTHING.search(wanted)))
    owed = sum(item["price"] for item in chosen if not item["refunded"])
    days = _order(row, items)["days_since_delivery"]
    return {
        "clear": clear,
        "items": ", ".join(item["name"] for item in chosen),
        "sku": "" if whole else chosen[0]["sku"],
        "amount": min(owed, payment["refundable"]) if clear else 0.0,
        "within_window": days is not None and days <= WINDOW_DAYS,
    }


def _chosen(order_id: str, items: Sequence[JsonObject], wanted: str) -> Sequence[JsonObject]:
    if not wanted or _EVERYTHING.search(wanted):
        return items
    words = set(re.findall(r"[a-z]{3,}", wanted.casefold()))
    words |= {word.removesuffix("s") for word in words}
    scores = [len(words & _name_words(item)) for item in items]
    if not max(scores):
        listed = ", ".join(item["name"] for item in items)
        raise ToolError(
            f"Order {order_id} has no {wanted!r}.", where="get_order", fix=f"It has: {listed}."
        )
    return [item for item, score in zip(items, scores, strict=True) if score == max(scores)]


def _name_words(item: JsonObject) -> set[str]:
    words = re.findall(r"[a-z]{3,}", str(item["name"]).casefold())
    return {word.removesuffix("s") for word in words} | set(words)


def order_history(db: sqlite3.Connection, query: str, *, limit: int) -> JsonObject:
    """Return a customer and the newest orders. Raises `ToolError` as `find_customer` does."""
    customer = find_customer(db, query)
    rows = db.execute(
        "SELECT * FROM orders WHERE customer_id = ? ORDER BY placed_on DESC, id DESC LIMIT ?",
        (customer["id"], limit),
    ).fetchall()
    orders = [_order(row, _items(db, row["id"])) for row in rows]
    lines = " ".join(order["summary"] for order in orders) or "There are no orders."
    summary = f"{customer['name']} ({customer['id']}), {len(orders)} orders, newest first: {lines}"
    return {"customer": customer, "orders": orders, "summary": summary}


def get_ticket(db: sqlite3.Connection, ticket_id: str) -> JsonObject:
    """Return a ticket. Raises `ToolError` if there is none."""
    row = db.execute("SELECT * FROM tickets WHERE id = upper(?)", (ticket_id.strip(),)).fetchone()
    if row is None:
        raise ToolError(
            f"There is no ticket {ticket_id}.",
            where="get_ticket",
            fix="Check the ticket number (TCK- and four digits).",
        )
    return {"ticket": _ticket(row)}


def _ticket(row: sqlite3.Row) -> JsonObject:
    about = f" about order {row['order_id']}" if row["order_id"] else ""
    summary = (
        f"Ticket {row['id']} of {row['customer_id']}{about} is {row['status']}: "
        f"{row['category']}, priority {row['priority']}, opened on {row['opened_on']}, "
        f"subject “{row['subject']}”."
    )
    return {**dict(row), "summary": summary}


def list_tickets(
    db: sqlite3.Connection, *, customer_id: str, status: str, limit: int
) -> JsonObject:
    """Return tickets, the most urgent and oldest first."""
    rows = db.execute(
        "SELECT * FROM tickets "
        "WHERE (:customer = '' OR customer_id = upper(:customer)) AND status = :status "
        "ORDER BY instr('urgent high   normal low', priority), opened_on, id LIMIT :most",
        {"customer": customer_id, "status": status, "most": limit},
    ).fetchall()
    tickets = [_ticket(row) for row in rows]
    lines = " ".join(ticket["summary"] for ticket in tickets)
    return {"tickets": tickets, "summary": lines or f"There are no {status} tickets."}
