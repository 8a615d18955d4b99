"""Arguments: what fits passes unchanged, what does not is named."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import ArgumentError, ConfigError
from pointsman.tools import Arguments

SCHEMA: dict[str, Any] = {
    "type": "object",
    "$defs": {
        "Line": {
            "type": "object",
            "properties": {"sku": {"type": "string"}, "count": {"type": "integer", "default": 1}},
            "required": ["sku"],
            "additionalProperties": False,
        }
    },
    "properties": {
        "order": {"type": "string", "maxLength": 20},
        "amount": {"type": "number", "exclusiveMinimum": 0, "maximum": 500},
        "count": {"type": "integer", "default": 3},
        "reason": {"enum": ["damaged", "late"]},
        "to": {"type": "string", "format": "email"},
        "at": {"type": "string", "format": "date-time"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}, "maxItems": 3},
    },
    "required": ["order", "amount"],
}
REFUND = Arguments("refund", SCHEMA)
GOOD: dict[str, Any] = {"order": "A-1", "amount": 20.5}


def test_defaults_are_filled_in() -> None:
    """What the tool will get is what is approved, nested defaults included."""
    checked = REFUND.check({**GOOD, "lines": [{"sku": "x"}]})
    assert checked == {**GOOD, "lines": [{"sku": "x", "count": 1}], "count": 3, "note": None}


@pytest.mark.parametrize(
    ("change", "where", "says"),
    [
        ({"amount": "20"}, "refund.amount", "a number greater than 0 and at most 500"),
        ({"amount": True}, "refund.amount", "a number"),
        ({"amount": 501}, "refund.amount", "at most 500"),
        ({"amount": 0}, "refund.amount", "greater than 0"),
        ({"amount": float("inf")}, "refund", "amount is inf"),
        ({"count": 5.0}, "refund.count", "a whole number"),
        ({"count": True}, "refund.count", "a whole number"),
        ({"order": None}, "refund.order", "text"),
        ({"order": "x" * 21}, "refund.order", "at most 20 characters"),
        ({"order": "\ud800"}, "refund", "not valid Unicode"),
        ({"reason": "Damaged"}, "refund.reason", '"damaged", "late"'),
        ({"to": "a@b.example\nBcc: c@d.example"}, "refund.to", "email"),
        ({"to": "a@b.example,c@d.example"}, "refund.to", "email"),
        ({"at": "2026-01-01T10:00:00"}, "refund.at", "date-time"),
        ({"amout": 5}, "refund.amout", "Did you mean amount?"),
        ({"lines": [{"sku": "x"}, {"sku": 5}]}, "refund.lines.1.sku", "text"),
        ({"lines": [{}]}, "refund.lines.0.sku", "required"),
        ({"lines": [{"sku": "x", "price": 1}]}, "refund.lines.0.price", "no such argument"),
        ({"lines": [{"sku": "x"}] * 4}, "refund.lines", "at most 3 items"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Any], where: str, says: str) -> None:
    """The error names the field, and what may stand there."""
    with pytest.raises(ArgumentError) as raised:
        REFUND.check({**GOOD, **change})
    assert raised.value.where == where
    assert says in str(raised.value)


def test_a_missing_field_is_named() -> None:
    """A required field has no value to quote, so the error names the field itself."""
    with pytest.raises(ArgumentError) as raised:
        REFUND.check({"order": "A-1"})
    assert raised.value.where == "refund.amount"


@pytest.mark.parametrize("args", [[], "x", None, 5])
def test_arguments_are_an_object(args: Any) -> None:
    """Anything else is refused, not unpacked."""
    with pytest.raises(ArgumentError):
        REFUND.check(args)


@pytest.mark.parametrize(
    ("schema", "args", "where", "says"),
    [
        (
            {"dependentRequired": {"street": ["city"]}},
            {"street": "x"},
            "ship.city",
            "required beside street. Give text",
        ),
        ({"minProperties": 1}, {}, "ship", "an object of at least 1 fields"),
        (
            {"properties": {"city": {"type": "string", "not": {"enum": ["-"]}}}},
            {"city": "-"},
            "ship.city",
            'but not one of "-"',
        ),
        (
            {"properties": {"city": {"type": "array", "contains": {"const": "x"}}}},
            {"city": []},
            "ship.city",
            'a list with "x" in it',
        ),
    ],
    ids=["dependent", "few", "not", "contains"],
)
def test_rarer_rules_say_what_is_wrong(
    schema: dict[str, Any], args: dict[str, Any], where: str, says: str
) -> None:
    """A schema of a foreign server may have any of them."""
    text: dict[str, Any] = {"type": "string"}
    whole = {"type": "object", "properties": {"street": text, "city": text}} | schema

    with pytest.raises(ArgumentError, match=re.escape(says)) as raised:
        Arguments("ship", whole).check(args)

    assert raised.value.where == where


def test_a_million_bytes_are_too_many() -> None:
    """Arguments have a bound of their own."""
    with pytest.raises(ArgumentError, match="larger than"):
        Arguments("free", {"properties": {"x": {}}}).check({"x": "y" * 1_000_001})


def test_a_schema_may_leave_itself_open() -> None:
    """Unknown fields pass only where the schema says so."""
    assert Arguments("open", {"additionalProperties": True}).check({"x": 1}) == {"x": 1}


def test_a_composed_schema_is_closed_too() -> None:
    """Fields that come from a part of `allOf` are known, others are not."""
    composed = Arguments("mixed", {"allOf": [{"properties": {"x": {"type": "integer"}}}]})
    assert composed.check({"x": 1}) == {"x": 1}
    with pytest.raises(ArgumentError):
        composed.check({"y": 1})


@pytest.mark.parametrize("schema", [{"type": "array"}, {"type": "nonsense"}, {"properties": 5}])
def test_a_bad_schema_is_a_configuration_error(schema: dict[str, Any]) -> None:
    """It names the tool whose schema it is."""
    with pytest.raises(ConfigError) as raised:
        Arguments("broken", schema)
    assert raised.value.where == "broken.args_schema"


FROM = {"$from": "s1", "path": "order.total"}
JOIN = {"$join": ["Order ", FROM]}


@pytest.mark.parametrize(
    "change",
    [
        {"amount": FROM},
        {"order": JOIN},
        {"order": {"$attachment": "invoice.txt"}},
        {"reason": FROM},
        {"reason": JOIN},
        {"note": JOIN},
        {"lines": FROM},
        {"lines": [FROM, {"sku": JOIN}]},
        {"lines": [{"sku": "x", "count": FROM}]},
    ],
)
def test_references_pass(change: dict[str, Any]) -> None:
    """What will be known later is not held against the plan."""
    REFUND.check_planned({**GOOD, **change})


@pytest.mark.parametrize(
    ("args", "where"),
    [
        ({"amount": FROM}, "refund.order"),
        ({**GOOD, "amount": JOIN}, "refund.amount"),
        ({**GOOD, "amount": {"$attachment": "a"}}, "refund.amount"),
        ({**GOOD, "lines": JOIN}, "refund.lines"),
        ({**GOOD, "lines": [{"sku": FROM, "count": "1"}]}, "refund.lines.0.count"),
        ({**GOOD, "order": FROM, "count": "1"}, "refund.count"),
        ({**GOOD, "amout": FROM}, "refund.amout"),
        ({**GOOD, "order": {"$from": "s1", "at": "x"}}, "refund.order"),
        ({**GOOD, "order": {"$eval": "1"}}, "refund.order"),
        (FROM, "refund"),
    ],
)
def test_planned_arguments_that_can_never_fit(args: dict[str, Any], where: str) -> None:
    """Literal parts, required fields and the type of joined text are checked with the plan."""
    with pytest.raises(ArgumentError) as raised:
        REFUND.check_planned(args)
    assert raised.value.where == where


def test_alternatives_stay_open_for_a_reference() -> None:
    """`oneOf`, `not` and `if` cannot be answered before the value is there."""
    schema = {
        "properties": {
            "x": {"oneOf": [{"type": "string"}, {"type": "string", "minLength": 2}]},
            "y": {"not": {"type": "string"}},
            "z": {"if": {"type": "string"}, "then": {"minLength": 5}},
            "w": {"enum": [[1], [2]]},
        }
    }
    args = {"x": JOIN, "y": FROM, "z": FROM, "w": [FROM]}
    Arguments("odd", schema).check_planned(args)


LITERALS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just(FROM)
)
ANYTHING = st.recursive(
    LITERALS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from([*SCHEMA["properties"], "other"])


@given(st.dictionaries(FIELDS, ANYTHING) | ANYTHING)
def test_any_value_is_taken_or_refused(args: Any) -> None:
    """Whatever a model writes, the answer is arguments or an `ArgumentError`."""
    for check in (REFUND.check, REFUND.check_planned):
        try:
            check(args)
        except ArgumentError as error:
            assert error.where.startswith("refund")  # noqa: PT017 - either may happen


GOOD_ARGS = st.fixed_dictionaries(
    {"order": st.text(max_size=20), "amount": st.floats(0.01, 500)},
    optional={
        "count": st.integers(-(2**63), 2**63 - 1),
        "reason": st.sampled_from(["damaged", "late"]),
    },
)


@given(GOOD_ARGS)
def test_the_check_is_stable(args: dict[str, Any]) -> None:
    """Checking again changes nothing, and what passes now passes as a plan."""
    checked = REFUND.check(args)
    assert REFUND.check(checked) == checked
    REFUND.check_planned(checked)


@given(GOOD_ARGS, st.sets(st.sampled_from(["order", "amount", "count", "reason"])))
def test_replacing_values_by_references_never_makes_a_plan_worse(
    args: dict[str, Any], referenced: set[str]
) -> None:
    """A plan is refused only for what is certain to fail."""
    REFUND.check_planned({k: FROM if k in referenced else v for k, v in args.items()})
