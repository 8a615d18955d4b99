"""A few hundred records around the hand-written ones, the same on every machine."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Literal

from .scenarios import Letter, OrderStatus, Person, Purchase, days_ago, scenarios

SEED = 20261102
CUSTOMERS = 240
ORDERS = 420
TICKETS = 80
"""Made-up tickets, in addition to the hand-written ones."""

_STATUSES: tuple[OrderStatus, ...] = ("delivered", "shipped", "processing", "cancelled")
_CARRIERS = ("DHL", "UPS", "FedEx")
_METHODS = ("Visa", "Mastercard", "PayPal", "American Express")


def fill(db: sqlite3.Connection) -> None:
    """Write every record into empty tables."""
    rng = random.Random(SEED)  # noqa: S311 - the point is that it can be repeated
    known = scenarios()
    people = [*known.people, *_people(rng, CUSTOMERS - len(known.people))]
    orders = [*known.orders, *_orders(rng, ORDERS - len(known.orders))]
    letters = [*known.tickets, *_letters(rng, orders)]
    for number, person in enumerate(people, start=1):
        _insert_customer(db, rng, number, person)
    for number, order in enumerate(orders, start=1):
        _insert_order(db, rng, number, order)
        _insert_payment(db, rng, number, order)
    for number, letter in enumerate(letters, start=1):
        _insert_ticket(db, number, letter)


def _people(rng: random.Random, count: int) -> Iterator[Person]:
    words = scenarios().words
    names = [f"{a} {b}" for a in words.first_names.split() for b in words.last_names.split()]
    for name in rng.sample(names, count):
        street = f"{rng.randint(1, 999)} {rng.choice(words.streets)}"
        yield Person(
            name=name,
            email=f"{name.lower().replace(' ', '.')}@example.com",
            address=f"{street}, {rng.choice(words.cities)}",
            points=rng.randrange(0, 2600, 10),
        )


def _orders(rng: random.Random, count: int) -> Iterator[Purchase]:
    first_made_up = len(scenarios().people) + 1
    for _ in range(count):
        [status] = rng.choices(_STATUSES, weights=(70, 14, 9, 7))
        delivered = rng.randint(0, 120) if status == "delivered" else None
        skus = rng.sample(sorted(scenarios().products), rng.randint(1, 3))
        refunded = tuple(skus[:1]) if delivered is not None and rng.random() < 0.08 else ()
        yield Purchase(
            customer=rng.randint(first_made_up, CUSTOMERS),
            status=status,
            placed=_placed(rng, status, delivered),
            delivered=delivered,
            items={sku: rng.choice((1, 1, 1, 2)) for sku in skus},
            payment=_payment(rng, status, refunded),
            refunded=refunded,
        )


def _placed(rng: random.Random, status: OrderStatus, delivered: int | None) -> int:
    if delivered is not None:
        return delivered + rng.randint(3, 8)
    return rng.randint(0, 1) if status == "processing" else rng.randint(2, 12)


def _payment(
    rng: random.Random, status: OrderStatus, refunded: Sequence[str]
) -> Literal["captured", "disputed", "voided"]:
    if status == "cancelled":
        return "voided"
    disputed = status == "delivered" and not refunded and rng.random() < 0.04
    return "disputed" if disputed else "captured"


def _letters(rng: random.Random, orders: Sequence[Purchase]) -> Iterator[Letter]:
    known = scenarios()
    for index in rng.sample(range(len(known.orders), len(orders)), TICKETS):
        category, priority, subject, body = rng.choice(known.words.tickets)
        item = known.products[next(iter(orders[index].items))][0].lower()
        yield Letter(
            customer=orders[index].customer,
            order=1001 + index,
            category=category,
            priority=priority,
            subject=subject.format(item=item).capitalize(),
            body=body.format(item=item),
            opened=rng.randint(0, 40),
            status=rng.choice(("open", "open", "waiting", "closed")),
        )


def _insert_customer(
    db: sqlite3.Connection, rng: random.Random, number: int, person: Person
) -> None:
    phone = f"+1 555 01{rng.randint(0, 99):02d}"
    row = (
        *(f"CUS-{number:04d}", person.name, person.email, None, phone, person.address),
        *(person.tier, person.points, days_ago(rng.randint(200, 1500))),
    )
    db.execute("INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def _insert_order(db: sqlite3.Connection, rng: random.Random, number: int, order: Purchase) -> None:
    order_id = f"ORD-{1000 + number}"
    carrier = rng.choice(_CARRIERS)
    tracking = f"{carrier[:2].upper()}{rng.randrange(10**9, 10**10)}"
    sent = order.status in ("shipped", "delivered")
    row = (
        *(order_id, f"CUS-{order.customer:04d}", order.status, days_ago(order.placed)),
        days_ago(max(order.placed - 1, 0)) if sent else None,
        None if order.status == "cancelled" else days_ago(order.placed - 6),
        None if order.delivered is None else days_ago(order.delivered),
        *((carrier, tracking) if sent else (None, None)),
    )
    db.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    for line, (sku, quantity) in enumerate(order.items.items(), start=1):
        name, cents = scenarios().products[sku]
        item = (order_id, line, sku, name, quantity, cents)
        db.execute("INSERT INTO order_items VALUES (?, ?, ?, ?, ?, ?)", item)


def _insert_payment(
    db: sqlite3.Connection, rng: random.Random, number: int, order: Purchase
) -> None:
    order_id, payment_id = f"ORD-{1000 + number}", f"PAY-{2000 + number}"
    cents = {sku: scenarios().products[sku][1] * count for sku, count in order.items.items()}
    row = (
        *(payment_id, order_id, rng.choice(_METHODS), sum(cents.values()), order.payment),
        days_ago(order.placed),
    )
    db.execute("INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?)", row)
    for sku in order.refunded:
        refund = (
            *(f"REF-{4000 + number}", order_id, payment_id, sku, cents[sku], "Arrived damaged."),
            *(f"seed:{order_id}:{sku}", days_ago(order.delivered or 0)),
        )
        db.execute("INSERT INTO refunds VALUES (?, ?, ?, ?, ?, ?, ?, ?)", refund)


def _insert_ticket(db: sqlite3.Connection, number: int, letter: Letter) -> None:
    row = (
        f"TCK-{3000 + number}",
        f"CUS-{letter.customer:04d}",
        None if letter.order is None else f"ORD-{letter.order}",
        *(letter.category, letter.priority, letter.status, letter.subject, letter.body),
        days_ago(letter.opened),
    )
    db.execute("INSERT INTO tickets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
