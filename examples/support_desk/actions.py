"""What the desk changes. Each action is one transaction, and repeats nothing under one key."""

from __future__ import annotations

import sqlite3

from ...errors import ToolError
from ...state.values import JsonObject
from .records import dollars, find_customer, refunded_cents
from .scenarios import TODAY


def to_cents(amount: float) -> int:
    """Return US dollars as cents.

    Raises:
        ToolError: The amount has fractions of a cent.
    """
    cents = round(amount * 100)
    if abs(cents - amount * 100) > 1e-6:
        raise ToolError(f"{amount} US dollars has fractions of a cent.", fix="Round it.")
    return cents


def refund(
    db: sqlite3.Connection, *, order_id: str, amount: float, reason: str, sku: str, key: str
) -> JsonObject:
    """Record a refund, or return the one that this key already made.

    Raises:
        ToolError: The order cannot be refunded by this amount; nothing was changed.
    """
    order_id, cents = order_id.strip().upper(), to_cents(amount)
    if done := refund_of(db, key):
        if (done["order_id"], to_cents(done["amount"]), done["sku"]) != (order_id, cents, sku):
            raise _refused("The idempotency key belongs to another refund.", "Use a new key.")
        return {"refund": done}
    payment = _refundable_payment(db, order_id, cents, sku)
    number = db.execute("SELECT count(*) FROM refunds").fetchone()[0]
    row = (
        *(f"REF-{5001 + number}", order_id, payment["id"], sku, cents, reason, key),
        TODAY.isoformat(),
    )
    db.execute("INSERT INTO refunds VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    return {"refund": refund_of(db, key)}


def _refundable_payment(db: sqlite3.Connection, order_id: str, cents: int, sku: str) -> sqlite3.Row:
    payment = db.execute(
        "SELECT p.*, o.status AS order_status FROM payments p JOIN orders o ON o.id = p.order_id "
        "WHERE p.order_id = ?",
        (order_id,),
    ).fetchone()
    if payment is None:
        raise _refused(f"There is no order {order_id}.", "Check the order number.")
    if payment["order_status"] == "cancelled":
        raise _refused(f"Order {order_id} is cancelled.", "Its payment was voided already.")
    if payment["status"] != "captured":
        raise _refused(
            f"Payment {payment['id']} is {payment['status']}.", "See § Disputed payments."
        )
    earlier = db.execute(
        "SELECT id FROM refunds WHERE order_id = ? AND sku IN (?, '')", (order_id, sku)
    ).fetchone()
    if earlier:
        raise _refused(f"Refund {earlier['id']} was made for it before.", "Do not refund it twice.")
    left = payment["cents"] - refunded_cents(db, order_id)
    if cents > left:
        raise _refused(
            f"{dollars(cents):.2f} is more than the {dollars(left):.2f} US dollars that are left "
            f"of payment {payment['id']}.",
            "Refund at most that.",
        )
    return payment


def refund_of(db: sqlite3.Connection, key: str) -> JsonObject | None:
    """Return the refund that was made under a key."""
    row = db.execute(
        "SELECT r.*, p.method FROM refunds r JOIN payments p ON p.id = r.payment_id "
        "WHERE r.idempotency_key = ?",
        (key,),
    ).fetchone()
    if row is None:
        return None
    summary = (
        f"Refund {row['id']} of {dollars(row['cents']):.2f} US dollars for order "
        f"{row['order_id']} was issued to {row['method']} (payment {row['payment_id']})."
    )
    return {
        "id": row["id"],
        "order_id": row["order_id"],
        "payment_id": row["payment_id"],
        "sku": row["sku"],
        "amount": dollars(row["cents"]),
        "created_on": row["created_on"],
        "summary": summary,
    }


def _refused(message: str, fix: str) -> ToolError:
    return ToolError(message, happened="no", where="issue_refund", fix=fix)


def change_email(db: sqlite3.Connection, customer_id: str, new_email: str) -> JsonObject:
    """Set a customer's e-mail address.

    Raises:
        ToolError: There is no such customer, or another account uses the address.
    """
    customer = find_customer(db, customer_id)
    other = db.execute(
        "SELECT id FROM customers WHERE email = ? AND id <> ?", (new_email, customer["id"])
    ).fetchone()
    if other:
        raise ToolError(
            f"Another account uses {new_email}.",
            where="change_email",
            fix="Ask the customer for another address.",
        )
    db.execute(
        "UPDATE customers SET previous_email = email, email = :email "
        "WHERE id = :id AND email <> :email",
        {"email": new_email, "id": customer["id"]},
    )
    return _changed(db, customer["id"], f"The e-mail address of {customer['name']} is {new_email}")


def change_address(db: sqlite3.Connection, customer_id: str, address: str) -> JsonObject:
    """Set a customer's postal address. Raises `ToolError` if there is no such customer."""
    customer = find_customer(db, customer_id)
    db.execute("UPDATE customers SET address = ? WHERE id = ?", (address, customer["id"]))
    return _changed(db, customer["id"], f"The address of {customer['name']} is {address}")


def _changed(db: sqlite3.Connection, customer_id: str, summary: str) -> JsonObject:
    return {"customer": {**find_customer(db, customer_id), "summary": f"{summary} now."}}


def send_reply(db: sqlite3.Connection, *, to: str, subject: str, body: str, key: str) -> JsonObject:
    """Put a message into the outbox, or return the one that this key already put there.

    Raises:
        ToolError: The recipient is no customer of ours, or the key belongs to another message.
    """
    if done := message_of(db, key):
        if (done["to"], done["subject"], done["body"]) != (to, subject, body):
            raise ToolError(
                "The idempotency key belongs to another message.",
                where="send_reply",
                fix="Use a new key.",
            )
        return {"message": done}
    if not db.execute(
        "SELECT 1 FROM customers WHERE ? IN (email, previous_email)", (to,)
    ).fetchone():
        raise ToolError(
            f"{to} is not the address of a customer.",
            where="send_reply",
            fix="Write to the address stored in the account.",
        )
    number = db.execute("SELECT count(*) FROM outbox").fetchone()[0]
    row = (f"MSG-{1 + number}", to, subject, body, key, TODAY.isoformat())
    db.execute("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?)", row)
    return {"message": message_of(db, key)}


def message_of(db: sqlite3.Connection, key: str) -> JsonObject | None:
    """Return the message that was sent under a key."""
    row = db.execute("SELECT * FROM outbox WHERE idempotency_key = ?", (key,)).fetchone()
    if row is None:
        return None
    return {
        "id": row["id"],
        "to": row["recipient"],
        "subject": row["subject"],
        "body": row["body"],
        "summary": f"Message {row['id']} “{row['subject']}” was sent to {row['recipient']}.",
    }
