"""The desk's hand-written records, and the words that the others are made of."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

from ...state.values import Record
from ...state.yaml_text import read_yaml

FILE = Path(__file__).with_name("scenarios.yaml")

TODAY = date(2026, 11, 2)
"""The desk's fixed present day, so that windows and deadlines never move."""

OrderStatus = Literal["processing", "shipped", "delivered", "cancelled"]


class Person(Record):
    """A customer."""

    name: str
    email: str
    address: str
    points: int = 120

    @property
    def tier(self) -> str:
        """The membership tier that the points are worth (policies/loyalty.md)."""
        return "gold" if self.points >= 1500 else "silver" if self.points >= 500 else "standard"


class Purchase(Record):
    """An order, and how it was paid."""

    customer: int
    status: OrderStatus
    placed: int
    """Days before today."""
    delivered: int | None = None
    """Days before today."""
    items: dict[str, int]
    """SKU → quantity."""
    payment: Literal["captured", "disputed", "voided"] = "captured"
    refunded: tuple[str, ...] = ()
    """SKUs of the items that were refunded already."""


class Letter(Record):
    """A ticket, in the customer's own words."""

    customer: int
    order: int | None = None
    category: str
    priority: str
    subject: str
    body: str
    opened: int = 1
    """Days before today."""
    status: Literal["open", "waiting", "closed"] = "open"


class Words(Record):
    """What made-up records are made of."""

    first_names: str
    last_names: str
    streets: tuple[str, ...]
    cities: tuple[str, ...]
    tickets: tuple[tuple[str, str, str, str], ...]
    """Category, priority, subject and body."""


class Scenarios(Record):
    """The content of `scenarios.yaml`."""

    products: dict[str, tuple[str, int]]
    """SKU → name and price in cents."""
    people: tuple[Person, ...]
    orders: tuple[Purchase, ...]
    tickets: tuple[Letter, ...]
    words: Words


@cache
def scenarios() -> Scenarios:
    """Return the scenarios, read once."""
    return Scenarios.from_json(read_yaml(FILE.read_text(encoding="utf-8")))


def days_ago(days: int) -> str:
    """Return the ISO date that many days before the desk's today."""
    return (TODAY - timedelta(days=days)).isoformat()
