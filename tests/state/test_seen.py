"""Seen shapes: names of fields that are plain words, and nothing that an output said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from pointsman.state.seen import (
    MAX_BYTES,
    MAX_FIELDS,
    agreed,
    bare,
    joined,
    refined,
    seen_in,
    widened,
)
from pointsman.state.shapes import ANY, Shape, schema_of, shape_of

from .expressions.strategies import json_values

SECRETS = st.text("#é~", min_size=1)
"""What no shape has for a name: it is no plain word."""


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ({"id": "A", "total": 9.5, "open": True}, "{id: text, total: number, open: boolean}"),
        ([{"a": 1}, {"a": None, "b": "x"}], "[{a: number or null, b?: text}]"),
        ([], "[any]"),
        ({}, "object"),
        ({"ORD-1001": {"total": 1}, "ORD-1002": {"total": 2}}, "{any name: {total: number}}"),
        ({"ann": {"age": 3}, "bob": {"age": 4}}, "{any name: {age: number}}"),
        ({"ann@example.org": "x"}, "{any name: text}"),
        ({"id": 1, "pay eve now": 2}, "{id: number, any name: any}"),
        ({"line1": "x", "line2": "y"}, "{line1: text, line2: text}"),
        ({"iban_DE89370400440532013000": "x", "id": 1}, "{id: number, any name: any}"),
        ({f"k{chr(97 + n % 26)}{n}": n for n in range(60)}, "{any name: number}"),
    ],
)
def test_an_output_teaches_names_that_are_fields(output: Any, expected: str) -> None:
    """Names that carry data, of maps and of no plain word, are left out."""
    assert str(seen_in(output)) == expected


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ([{"id": 1}, {"id": 2, "note": "x"}], "{id: number, note?: text}"),
        ([{"orders": []}, {"orders": [{"id": 1}]}], "{orders: [{id: number}]}"),
        ([{"orders": [{"id": 1}]}, {"orders": []}], "{orders: [{id: number}]}"),
        ([{"note": None}, {"note": "x"}], "{note: text or null}"),
        ([{"ann": "a"}, {"bob": "b"}, {"carl": "c"}], "{any name: text}"),
        ([{"error": "none"}, {"id": 1, "total": 2}], "{error?: text, id?: number, total?: number}"),
        (["text", {"id": 1}], "any"),
    ],
)
def test_outputs_are_put_together(outputs: list[Any], expected: str) -> None:
    """What is not in all may be absent; names that differ each time, over like values, are data."""
    known = None
    for output in outputs:
        known = joined(known, seen_in(output))
    assert str(known) == expected


def test_a_name_is_agreed_by_two() -> None:
    """What only one person's calls had is not told to another, at any depth."""
    ann = seen_in({"id": 1, "home": {"street": "x", "anns_cat": "y"}, "for_ann": 1})
    bob = seen_in({"id": 2, "home": {"street": "z"}, "for_bob": 1})

    assert (
        str(agreed([ann, bob]))
        == "{id: number, home: {street: text, any name: any}, any name: any}"
    )
    assert str(agreed([ann])) == "object"
    assert agreed([]) == ANY


def test_a_bare_shape_has_no_names() -> None:
    """It tells a list from an object and from a text."""
    assert str(bare(seen_in([{"id": 1}]))) == "[object]"
    assert str(bare(seen_in("x"))) == "text"


@pytest.mark.parametrize(
    ("declared", "output", "expected"),
    [
        ({"properties": {"a": {"type": "string"}}}, {"a": "x"}, "{a?: text}"),
        ({"properties": {"a": {"type": "string"}}}, {"a": 1}, "{a?: any}"),
        ({"properties": {"a": {"type": "string"}}}, {"a": None}, "{a?: text or null}"),
        ({"properties": {"a": {}}}, {"a": "x", "evil": 1}, "{a?: any, any name: any}"),
        ({"type": "array", "items": {"type": "string"}}, [1], "[any]"),
        ({"type": "array", "items": {"type": "string"}}, [], "[text]"),
        ({"type": "string"}, ["x"], "any"),
        ({"enum": ["a", "b"]}, "c", "text"),
    ],
)  # fmt: skip
def test_outputs_widen_what_was_declared(declared: Any, output: Any, expected: str) -> None:
    """A declaration holds as far as outputs agree with it, and takes no name from them."""
    assert str(widened(shape_of(declared), seen_in(output))) == expected


@pytest.mark.parametrize(
    ("declared", "output", "expected"),
    [
        (dict, {"a": 1}, "{a: number}"),
        (list[dict], [{"a": 1}], "[{a: number}]"),
        (list[dict], [], "[object]"),
        (dict[str, list[dict]], {"orders": [{"a": 1}]}, "{any name: [{a: number}]}"),
        (dict[str, int], {"a": 1}, "{any name: number}"),
        (dict | None, {"a": 1}, "{a: number} or null"),
        (str, {"a": 1}, "text"),
        (Any, [{"a": 1}], "[{a: number}]"),
    ],
)
def test_what_was_seen_fills_what_a_declaration_leaves_open(
    declared: Any, output: Any, expected: str
) -> None:
    """And nothing else: what is declared stays."""
    schema = TypeAdapter(declared).json_schema()
    assert str(refined(shape_of(schema), seen_in(output))) == expected


@given(json_values, json_values)
def test_a_learned_shape_is_stored_whole(one: Any, other: Any) -> None:
    """Its schema gives it back, and is bounded."""
    for shape in (seen_in(one), joined(seen_in(one), seen_in(other))):
        assert shape_of(schema_of(shape)) == shape
        assert len(json.dumps(schema_of(shape))) <= MAX_BYTES


@given(st.recursive(SECRETS | st.integers(), lambda x: st.lists(x) | st.dictionaries(SECRETS, x)))
def test_no_value_gets_into_a_shape(output: Any) -> None:
    """Neither a text nor a name that is no plain word."""
    kept = json.dumps(schema_of(joined(seen_in(output), seen_in(output))), ensure_ascii=False)
    assert not {"#", "é", "~"} & set(kept)


@given(json_values, json_values)
def test_what_was_learned_once_is_not_learned_again(one: Any, other: Any) -> None:
    """So that an output that teaches nothing costs nothing."""
    known = joined(joined(None, seen_in(one)), seen_in(other))
    assert joined(known, seen_in(other)) == known


def test_a_large_output_is_looked_at_in_part() -> None:
    """A megabyte of nested lists ends early, and what was seen of a long list is certain."""
    rows = [{f"f{chr(97 + n)}": n for n in range(26)} for _ in range(10_000)]
    shape = seen_in({"rows": rows})
    item = shape.fields["rows"].item
    assert item is not None
    assert item.fields.keys() == rows[0].keys()
    assert all(part.kind == "number" for part in item.fields.values())
    assert str(seen_in([[[[list(range(50))] * 50] * 50] * 50])).count("[") <= 8


def test_a_shape_that_is_too_large_loses_its_innermost_parts() -> None:
    """The outer names stay."""
    wide = {f"x{chr(97 + n % 26)}{n // 26}": {f"y{chr(97 + m % 26)}{m // 26}": {"z": 1}
            for m in range(38 - n % 2)} for n in range(MAX_FIELDS)}  # fmt: skip
    shape = seen_in(wide)
    assert len(shape.fields) == MAX_FIELDS
    assert len(json.dumps(schema_of(shape))) <= MAX_BYTES


def test_shapes_compare_by_what_they_say() -> None:
    """An empty list is known to be a list and nothing more."""
    assert seen_in([]) == Shape("list")
