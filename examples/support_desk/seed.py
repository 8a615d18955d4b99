"""A few hundred records around the hand-written ones, the same on every machine."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator

from .scenarios import LETTERS, ORDERS, PEOPLE, PRODUCTS, Letter, Person, Purchase, Status, days_ago

SEED = 20261102
CUSTOMERS = 240
ORDER_COUNT = 420

_FIRST = [
    "Adam",
    "Alma",
    "Amira",
    "Andre",
    "Anna",
    "Ben",
    "Carla",
    "Chloe",
    "Daniel",
    "Diego",
    "Elena",
    "Emil",
    "Farah",
    "Felix",
    "Grace",
    "Hana",
    "Hugo",
    "Ida",
    "Ivan",
    "Jonas",
    "Julia",
    "Kofi",
    "Lara",
    "Leo",
    "Lina",
    "Malik",
    "Mateo",
    "Mina",
    "Nadia",
    "Nils",
    "Nora",
    "Omar",
    "Oscar",
    "Paula",
    "Quinn",
    "Rosa",
    "Ruben",
    "Sara",
    "Sofia",
    "Theo",
    "Uma",
    "Vera",
    "Viktor",
    "Wendy",
    "Yara",
    "Zoe",
]
_LAST = [
    "Adler",
    "Almeida",
    "Bauer",
    "Bianchi",
    "Brandt",
    "Carter",
    "Castillo",
    "Chen",
    "Costa",
    "Dubois",
    "Evans",
    "Fischer",
    "Fontaine",
    "Garcia",
    "Greene",
    "Hansen",
    "Haas",
    "Ibrahim",
    "Ivanova",
    "Jensen",
    "Kowalski",
    "Kumar",
    "Larsen",
    "Lopez",
    "Marino",
    "Mbeki",
    "Mitchell",
    "Novak",
    "Olsen",
    "Park",
    "Patel",
    "Quist",
    "Reyes",
    "Rossi",
    "Santos",
    "Schmidt",
    "Silva",
    "Sorensen",
    "Torres",
    "Usman",
    "Vogel",
    "Walsh",
    "Weber",
    "Wright",
    "Young",
    "Zhang",
]
_STREETS = [
    "Maple Street",
    "Cedar Avenue",
    "River Road",
    "Hillcrest Drive",
    "Station Street",
    "Willow Lane",
    "Park Avenue",
    "Meadow Court",
    "Chestnut Street",
    "Bridge Road",
]
_CITIES = [
    "Austin, TX 78701",
    "Denver, CO 80202",
    "Albany, NY 12207",
    "Tampa, FL 33602",
    "Omaha, NE 68102",
    "Fresno, CA 93721",
    "Dayton, OH 45402",
    "Raleigh, NC 27601",
    "Spokane, WA 99201",
    "Tulsa, OK 74103",
]
_CARRIERS = ("DHL", "UPS", "FedEx")
_METHODS = ("Visa", "Mastercard", "PayPal", "American Express")
_LETTERS = (
    ("damaged item", "high", "{item} arrived broken", "The {item} came with a crack. What now?"),
    ("late delivery", "normal", "Still waiting", "My order with the {item} is late. Where is it?"),
    ("question", "low", "Question about the {item}", "Is there a warranty on the {item}?"),
    ("account change", "normal", "New e-mail", "I would like to change my e-mail address."),
    ("complaint", "normal", "Not happy", "The {item} is not what I had hoped for."),
)


def fill(db: sqlite3.Connection) -> None:
    """Write every record into empty tables."""
    rng = random.Random(SEED)  # noqa: S311 - the point is that it can be repeated
    people = [*PEOPLE, *_people(rng)]
    orders = [*ORDERS, *_orders(rng)]
    letters = [*LETTERS, *_letters(rng, orders)]
    for number, person in enumerate(people, start=1):
        _insert_customer(db, rng, number, person)
    for number, order in enumerate(orders, start=1):
        _insert_order(db, rng, number, order)
    for number, letter in enumerate(letters, start=1):
        _insert_ticket(db, number, letter)


def _people(rng: random.Random) -> Iterator[Person]:
    names = [f"{first} {last}" for first in _FIRST for last in _LAST]
    for name in rng.sample(names, CUSTOMERS - len(PEOPLE)):
        points = rng.randrange(0, 2600, 10)
        yield Person(
            name=name,
            email=f"{name.lower().replace(' ', '.')}@example.com",
            address=f"{rng.randint(1, 999)} {rng.choice(_STREETS)}, {rng.choice(_CITIES)}",
            tier="gold" if points >= 1500 else "silver" if points >= 500 else "standard",
            points=points,
        )


def _orders(rng: random.Random) -> Iterator[Purchase]:
    statuses: tuple[Status, ...] = ("delivered", "shipped", "processing", "cancelled")
    for _ in range(ORDER_COUNT - len(ORDERS)):
        [status] = rng.choices(statuses, weights=(70, 14, 9, 7))
        skus = rng.sample(sorted(PRODUCTS), rng.randint(1, 3))
        items = tuple((sku, rng.choice((1, 1, 1, 2))) for sku in skus)
        delivered = rng.randint(0, 120) if status == "delivered" else None
        first = items[0]
        refunded = status == "delivered" and rng.random() < 0.08
        yield Purchase(
            customer=rng.randint(len(PEOPLE) + 1, CUSTOMERS),
            status=status,
            placed=_placed(rng, status, delivered),
            delivered=delivered,
            items=items,
            payment=_payment(rng, status, refunded=refunded),
            refunded=(PRODUCTS[first[0]][1] * first[1],) if refunded else (),
        )


def _placed(rng: random.Random, status: Status, delivered: int | None) -> int:
    if delivered is not None:
        return delivered + rng.randint(3, 8)
    return rng.randint(0, 1) if status == "processing" else rng.randint(2, 12)


def _payment(rng: random.Random, status: Status, *, refunded: bool) -> str:
    if status == "cancelled":
        return "voided"
    disputed = status == "delivered" and not refunded and rng.random() < 0.04
    return "disputed" if disputed else "captured"


def _letters(rng: random.Random, orders: list[Purchase]) -> Iterator[Letter]:
    for index in rng.sample(range(len(ORDERS), len(orders)), 80):
        category, priority, subject, body = rng.choice(_LETTERS)
        item = PRODUCTS[orders[index].items[0][0]][0].lower()
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
    order_id, payment_id = f"ORD-{1000 + number}", f"PAY-{2000 + number}"
    sent = order.status in ("shipped", "delivered")
    # Late on purpose: what was placed more than two weeks ago should have arrived by now.
    dates = (
        days_ago(order.placed),
        days_ago(max(order.placed - 1, 0)) if sent else None,
        days_ago(order.placed - 6) if order.status != "cancelled" else None,
        None if order.delivered is None else days_ago(order.delivered),
    )
    carrier = rng.choice(_CARRIERS)
    tracking = f"{carrier[:2].upper()}{rng.randrange(10**9, 10**10)}"
    db.execute(
        "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(order_id, f"CUS-{order.customer:04d}", order.status, *dates),
            *((carrier, tracking) if sent else (None, None)),
        ),
    )
    for line, (sku, quantity) in enumerate(order.items, start=1):
        name, cents = PRODUCTS[sku]
        row = (order_id, line, sku, name, quantity, cents)
        db.execute("INSERT INTO order_items VALUES (?, ?, ?, ?, ?, ?)", row)
    total = sum(PRODUCTS[sku][1] * quantity for sku, quantity in order.items)
    method = rng.choice(_METHODS)
    db.execute(
        "INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?)",
        (payment_id, order_id, method, total, order.payment, dates[0]),
    )
    for count, cents in enumerate(order.refunded, start=1):
        refund_id, key = f"REF-{number:04d}{count}", f"seed:{order_id}:{count}"
        sku = _sku_of(order, cents)
        row = (refund_id, order_id, payment_id, sku, cents, "Arrived damaged.", key, days_ago(0))
        db.execute("INSERT INTO refunds VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def _sku_of(order: Purchase, cents: int) -> str:
    return next(sku for sku, quantity in order.items if PRODUCTS[sku][1] * quantity == cents)


def _insert_ticket(db: sqlite3.Connection, number: int, letter: Letter) -> None:
    row = (
        f"TCK-{3000 + number}",
        f"CUS-{letter.customer:04d}",
        None if letter.order is None else f"ORD-{letter.order}",
        *(letter.category, letter.priority, letter.status, letter.subject, letter.body),
        days_ago(letter.opened),
    )
    db.execute("INSERT INTO tickets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
