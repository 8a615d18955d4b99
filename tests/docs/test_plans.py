"""The reference of the plan language says what is so."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import pytest

from pointsman.state.expressions import evaluate
from pointsman.state.expressions.functions import FORMS, FUNCTIONS
from pointsman.state.plan import ForEach, Plan, Step

from .pages import ROOT

PAGE = (ROOT / "docs" / "plans.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| `(.+?)` \| `(.+?)` \|$", PAGE, re.MULTILINE)
DATA: dict[str, Any] = {
    "orders": [
        {"id": "A", "total": 10.0, "count": 2, "customer": "Ann", "note": "x"},
        {"id": "B", "total": 250.0, "count": 1, "customer": "Bob"},
    ],
    "mail": {"sender": "Bob@Example.com", "on": "2026-03-01"},
}


@pytest.mark.parametrize(("source", "gives"), EXAMPLES, ids=[source for source, _ in EXAMPLES])
def test_an_expression_gives_what_the_page_says(source: str, gives: str) -> None:
    """Each row of the table is tried."""
    assert evaluate(source, DATA, now=datetime(2026, 3, 10)) == json.loads(gives)


def test_every_function_is_on_the_page() -> None:
    """And nothing that is not one."""
    table = PAGE[PAGE.index("| functions |") : PAGE.index("`min`, `max`, `sorted` and")]

    assert set(re.findall(r"`(\w+)`", table)) == {*FUNCTIONS, *FORMS}


@pytest.mark.parametrize("record", [Plan, Step, ForEach])
def test_every_field_is_on_the_page(record: type[Plan | Step | ForEach]) -> None:
    """A field that nobody can read of is not part of the language."""
    assert [name for name in record.model_fields if f"`{name}`" not in PAGE] == []
