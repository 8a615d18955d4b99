"""What can't work with known shapes is found before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.errors import ExpressionError
from pointsman.state.expressions.inference import infer
from pointsman.state.shapes import shape_of, shape_of_value

SHAPES = {
    "orders": shape_of_value([{"id": "A", "total": 1.5, "lines": [{"sku": "x"}]}]),
    "order": shape_of(
        {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "total": {"type": "number"},
                "status": {"enum": ["open", "paid"]},
                "note": {"type": ["string", "null"]},
                "paid": {"type": "boolean"},
                "at": {"type": "string", "format": "date-time"},
            },
            "required": ["id", "total", "status"],
        }
    ),
    "rates": shape_of({"type": "object", "additionalProperties": {"type": "number"}}),
}


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("order.totl", "Did you mean total"),
        ("order['totl']", "Did you mean total"),
        ("[o.totla for o in orders]", "Did you mean total"),
        ("sorted(orders, key=lambda o: o.totla)", "Did you mean total"),
        ("max(orders, key=lambda o: o.total).idd", "Did you mean id"),
        ("[l.price for o in orders for l in o.lines]", "There are sku"),
        ("first(o for o in orders if o.id == 'A').xyz", "no field 'xyz'"),
        ("group(orders, key='id')[0].itms", "Did you mean items"),
        ("orders.total", r"\[i.total for i in x\]"),
        ("order.id.name", "A text has no field"),
        ("order.id > 3", "compares a text with a number"),
        ("order.total == 'open'", "compares a number with a text"),
        ("order.status == 'opne'", "never equal. It is one of open, paid"),
        ("order.paid > 1", "compares true or false"),
        ("order.total and order.paid", "a number, not true or false"),
        ("1 if order.total else 2", "a number, not true or false"),
        ("[o for o in orders if o.total]", "a number, not true or false"),
        ("[o for o in orders if o]", "an object that is never empty"),
        ("order.at == '2026-05-19'", r"a time with a day. Write date\(x\)"),
        ("order.at in ['2026-05-19', '2026-05-20']", "a time with a day"),
        ("order.id + 1", "do not go together"),
        ("order.total + 'x'", "do not go together"),
        ("-order.id", "a text, not a number"),
        ("[o for o in order.total]", "a number, not a list"),
        ("sum(order.total)", "a number, not a list"),
        ("order.total.lower()", "a number, not a text"),
        ("'x' in order.total", "A number has no items"),
        ("today() - order.id", "days_between"),
        ("orders['A']", "A list has no field"),
        ("rates.EUR == 'x'", "compares a number with a text"),
        ("[o.totl for o in orders] + order.id", "no field 'totl'"),
    ],
)
def test_what_cannot_work_is_refused(source: str, says: str) -> None:
    """With the part that is wrong, and what was probably meant."""
    with pytest.raises(ExpressionError, match=says) as failure:
        infer(source, SHAPES)

    assert failure.value.where.startswith("`")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("order.total * 2", "number"),
        ("order.note", "text or null"),
        ("default(order.note, 'none')", "text"),
        ("order.note == null", "boolean"),
        ("date(order.at) == '2026-05-19'", "boolean"),
        ("order.at >= '2026-05-19'", "boolean"),
        ("order.at == '2026-05-19 10:00'", "boolean"),
        ("has(order.delivered)", "boolean"),
        ("default(order.delivered, today())", "any"),
        ("unknown.anything[0].deep + 1", "number"),
        ("[o.total for o in orders]", "[number]"),
        ("{'id': order.id, 'n': 1}", "{id: text, n: number}"),
        ("{o.id: o.total for o in orders}", "{any name: number}"),
        ("rates.EUR + rates['USD']", "number"),
        ("order.status == 'open' or order.status == 'paid'", "boolean"),
        ("order.id < today()", "boolean"),
        ("date(order.id).year", "number"),
        ("first(orders).lines[0].sku", "text"),
        ("sorted(orders, key=lambda o: o.id)[0].lines[:2]", "[{sku: text}]"),
        ("[k for k in order]", "[text]"),
        ("', '.join(o.id for o in orders)", "text"),
    ],
)  # fmt: skip
def test_what_can_work_has_a_shape(source: str, expected: str) -> None:
    """So that the next step can be checked against it."""
    assert str(infer(source, SHAPES)) == expected


def test_names_of_loops_hide_only_inside() -> None:
    """After the loop the name is what it was."""
    shapes: dict[str, Any] = {"o": shape_of({"type": "number"}), **SHAPES}

    assert str(infer("[o.id for o in orders][0] + text(o + 1)", shapes)) == "text"
