"""No expression and no data hold the event loop for long."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest

from pointsman.errors import ExpressionError
from pointsman.state.expressions import evaluate, parse

LIMIT = 0.05
"""Seconds that an evaluation may take of one core."""
TOLERANCE = 2
"""What another process on the same core may add."""

ORDERS = [
    {"id": f"ORD-{n}", "total": round(n * 1.37, 2), "count": n % 7, "note": "x" * 90,
     "on": f"2026-01-{n % 28 + 1:02}"}
    for n in range(6_000)
]  # fmt: skip
DATA: dict[str, Any] = {
    "orders": ORDERS,
    "text": "aé" * 500_000,
    "blank": " " * 1_000_000,
    "numbers": [n * 1.37 for n in range(150_000)],
    "words": [f"word {n}" for n in range(60_000)],
    "by_id": {f"k{n}": n * 0.5 for n in range(60_000)},
    "wide": 10**4_000,
}
HOSTILE = [
    "[o for o in orders for p in orders]",
    "[orders for i in range(10000)]",
    "[1 for i in range(10000) if orders == orders + []]",
    "[o for o in orders if o in orders]",
    "[[[1 for i in range(10000)] for j in range(10000)] for k in range(10000)]",
    "sorted(orders, key=lambda o: [p.id for p in orders])",
    "sorted(range(10000), key=lambda i: text)",
    "map(lambda o: map(lambda p: p.id, orders), orders)",
    "9 ** 9 ** 9",
    "(9 ** 40) ** 40",
    "[1.1 ** 1000 for i in range(10000)]",
    "wide * wide",
    "range(10 ** 40)",
    "[1 / 3 * 2 / 7 % 5 for i in range(10000)]",
    "text.replace('a', text)",
    "[text.upper() for i in range(10000)]",
    "[1 for i in range(10000) if text in text]",
    "[text.startswith(text) for i in range(10000)]",
    "[text < text for i in range(10000)]",
    "[number(blank) for i in range(5000)]",
    "[blank.strip() for i in range(5000)]",
    "blank.split(' ')",
    "', '.join([text, text])",
    "f'{text}{text}'",
    "text + text",
    "[text(orders) for i in range(100)]",
    "unique(orders)",
    "unique(words)",
    "sum(numbers)",
    "sorted(numbers)",
    "min(numbers)",
    "7.5 in numbers",
    "numbers == numbers + []",
    "enumerate(words)",
    "group(words)",
    "[first(by_id) for i in range(9000)]",
    "[has(by_id.nothing) for i in range(6000)]",
    "[by_id.items() for i in range(100)]",
    "flatten([words for i in range(10000)])",
    "[date('01.02.2026', '%d.%m.%Y') for i in range(7000)]",
    "[f'{o.total:,.2f}' for o in orders]",
    "-".join(["1"] * 900),
    "[" * 50 + "1" + "]" * 50,
    "(" * 50,
    "f'{" * 40,
]
USEFUL = [
    "[o.id for o in orders if o.total > 100 and o.count == 3]",
    "sum(o.total * o.count for o in orders)",
    "sorted(orders, key=lambda o: -o.total)[:10]",
    "max(orders, key=lambda o: o.total).id",
    "orders",
    "len([o for o in orders if o['on'] < today()])",
]


def seconds(source: str) -> float:
    """Return the least time of three evaluations, the reading of the text included."""
    times: list[float] = []
    for _ in range(3):
        parse.cache_clear()
        began = time.thread_time()
        with suppress(ExpressionError):
            evaluate(source, DATA, now=datetime(2026, 3, 10))
        times.append(time.thread_time() - began)
    return min(times)


@pytest.mark.parametrize("source", HOSTILE, ids=lambda source: source[:40])
def test_a_hostile_expression_ends_soon(source: str) -> None:
    """It is cut off by the count of its operations, its text or its result."""
    assert seconds(source) < LIMIT * TOLERANCE


@pytest.mark.parametrize("source", USEFUL, ids=lambda source: source[:40])
def test_a_megabyte_of_records_is_worked_through(source: str) -> None:
    """The limits leave room for what plans do with the largest outputs."""
    evaluate(source, DATA, now=datetime(2026, 3, 10))

    assert seconds(source) < LIMIT * TOLERANCE
