"""Schemas of others: admitted or refused with a reason; they cause no fetch and no hang."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.models.calling.structured import schema_problem
from pointsman.state.patterns import PatternRefusedError, searcher
from pointsman.state.schemas import (
    SchemaRefusedError,
    TooMuchWorkError,
    check_schema,
    first_error,
    validator_for,
)
from pointsman.tools.strict import StrictValidator


@pytest.fixture
def listener() -> Any:
    """A port on loopback that notes who connects."""
    visits: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                try:
                    connection, address = server.accept()
                except TimeoutError:
                    continue
                visits.append(address)
                connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/schema.json", visits
        over.set()
        thread.join()


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef", "$recursiveRef", "$schema", "$id"])
def test_nothing_is_fetched(keyword: str, listener: Any) -> None:
    """Not when a schema is admitted, and not when one is used that never was."""
    url, visits = listener
    for schema in (
        {keyword: url},
        {"properties": {"a": {keyword: url}}},
        {"$id": url, "properties": {"a": {"$ref": "other.json"}}},
        {"$defs": {"b": {"$id": url}}, "properties": {"a": {"$ref": url + "#/x"}}},
    ):
        for use in (check_schema, _use_strictly, _use_for_a_reply):
            try:
                use(schema)
            except Exception:  # noqa: S112 - whatever it says of the schema, it says it alone
                continue
    time.sleep(0.1)
    assert not visits


def _use_strictly(schema: Any) -> None:
    first_error(validator_for(schema, StrictValidator), {"a": {"a": 1}})


def _use_for_a_reply(schema: Any) -> None:
    schema_problem({"a": {"a": 1}}, schema)


REFUSED = [
    pytest.param({"$ref": "https://a.example/s.json"}, "nothing is fetched", id="remote"),
    pytest.param({"$ref": "file:///etc/passwd"}, "nothing is fetched", id="file"),
    pytest.param({"$ref": "other.json#/x"}, "nothing is fetched", id="relative"),
    pytest.param({"properties": {"a": {"$ref": "#/$defs/No"}}}, "there is nothing", id="dangling"),
    pytest.param({"$ref": "#nowhere"}, "there is nothing", id="no-anchor"),
    pytest.param({"$ref": "#"}, "without end", id="itself"),
    pytest.param(
        {"$ref": "#/x/a", "x": {"a": {"$ref": "https://a.example"}}}, "fetched", id="remote-behind"
    ),
    pytest.param(
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"allOf": [{"$ref": "#/$defs/a"}]}}},
        "without end",
        id="each-other",
    ),
    pytest.param({"pattern": r"^(a+)+\1$"}, "linear time", id="back-reference"),
    pytest.param({"pattern": "^(?=.*[a-z]).+$"}, "linear time", id="look-ahead"),
    pytest.param({"pattern": "^[^]$"}, "linear time", id="javascript"),
    pytest.param({"pattern": "\\u{1F600}"}, "linear time", id="javascript-escape"),
    pytest.param({"patternProperties": {"(": {}}}, "linear time", id="pattern-of-names"),
    pytest.param({"pattern": "(a{1000}){1000}"}, "linear time", id="bomb"),
    pytest.param({"pattern": "a" * 2000}, "characters", id="long-pattern"),
    pytest.param({"items": [{"type": "string"}]}, "not a valid JSON Schema", id="draft-07-tuple"),
    pytest.param({"required": None}, "required", id="required-null"),
    pytest.param({"exclusiveMinimum": True}, "exclusiveMinimum", id="draft-04"),
    pytest.param({"type": "any"}, "not a valid JSON Schema", id="unknown-type"),
    pytest.param({"description": "x" * 200_000}, "larger than", id="huge"),
    pytest.param({"enum": list(range(60_000))}, "larger than", id="huge-enum"),
    pytest.param(
        {"$ref": "#/title", "title": "text"}, "'#/title' points to is not", id="ref-to-text"
    ),
    pytest.param(
        {"properties": {"type": {}, "of": {"$ref": "#/properties"}}},
        "'#/properties' points to is not",
        id="ref-to-names",
    ),
    pytest.param(
        {"unevaluatedProperties": False, "anyOf": [{"patternProperties": {"^(a+)+$": {}}}]},
        "combines",
        id="names-found-by-backtracking",
    ),
    pytest.param(
        {
            "unevaluatedProperties": False,
            "$ref": "#/x-names",
            "x-names": {"patternProperties": {"^(a+)+$": {}}},
        },
        "combines",
        id="names-found-behind-a-reference",
    ),
    pytest.param([], "is a list", id="list"),
    pytest.param(None, "is a NoneType", id="null"),
    pytest.param({"properties": {"a": {"$id": "x"}}}, "of its own", id="inner-id"),
]


@pytest.mark.parametrize(("schema", "says"), REFUSED)
def test_what_is_not_admitted_says_why(schema: Any, says: str) -> None:
    """Each reason is one that the author of the schema can act on."""
    with pytest.raises(SchemaRefusedError, match=says):
        check_schema(schema)


def nested(levels: int) -> Any:
    """A schema nested so deep."""
    schema: Any = {}
    for _ in range(levels):
        schema = {"items": schema}
    return schema


def chain(length: int) -> Any:
    """Schemas that refer to the next one each."""
    names = {f"s{i}": {"$ref": f"#/$defs/s{i + 1}"} for i in range(length)}
    return {"$defs": {**names, f"s{length}": {}}, "$ref": "#/$defs/s0"}


@pytest.mark.parametrize("schema", [nested(100), nested(50_000), chain(100), chain(2_000)])
def test_depth_is_bounded(schema: Any) -> None:
    """Of the schema itself, and of what applies to one value."""
    with pytest.raises(SchemaRefusedError):
        check_schema(schema)


ADMITTED = [
    True,
    {},
    {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {}}},
    {
        "$id": "https://a.example/mine",
        "properties": {"a": {"$ref": "#/$defs/A"}},
        "$defs": {"A": {}},
    },
    {"$defs": {"Node": {"properties": {"next": {"$ref": "#/$defs/Node"}}}}, "$ref": "#/$defs/Node"},
    {"properties": {"child": {"$ref": "#"}}},
    {"properties": {"$ref": {"type": "string"}, "pattern": {"type": "string"}}},
    {"const": {"$ref": "https://a.example"}, "x-unknown": {"$id": 5}},
    {"$defs": {"a": {"$anchor": "here"}}, "$ref": "#here"},
    {
        "$defs": {"a/b": {}, "c d": {}},
        "anyOf": [{"$ref": f"#/$defs/{x}"} for x in ("a~1b", "c%20d")],
    },
    {"type": "string", "nullable": True, "pattern": r"^[\w.-]+@\d{1,3}\.example$"},
    nested(20),
    chain(10),
]


@pytest.mark.parametrize("schema", ADMITTED, ids=str)
def test_what_is_usual_is_admitted(schema: Any) -> None:
    """Recursive types, anchors, unknown keywords, and data that only looks like a reference."""
    check_schema(schema)


KEYWORDS = """$ref $id $defs properties items prefixItems anyOf allOf not if pattern a type enum
patternProperties additionalProperties unevaluatedProperties uniqueItems required dependentSchemas
contains $anchor $dynamicRef propertyNames""".split()  # noqa: SIM905

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["#", "#/$defs/a", "x", "("]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "$ref",
                    "$id",
                    "$defs",
                    "properties",
                    "items",
                    "prefixItems",
                    "anyOf",
                    "allOf",
                    "not",
                    "if",
                    "pattern",
                    "a",
                    "type",
                    "enum",
                    "patternProperties",
                    "additionalProperties",
                    "unevaluatedProperties",
                    "uniqueItems",
                    "required",
                    "dependentSchemas",
                    "contains",
                    "$anchor",
                    "$dynamicRef",
                    "propertyNames",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(ANY_JSON, ANY_JSON)
def test_any_schema_is_refused_or_usable(schema: Any, value: Any) -> None:
    """What is admitted never fails in use, whatever the value."""
    try:
        check_schema(schema)
    except SchemaRefusedError:
        return
    first_error(validator_for(schema), value)


def test_alternatives_that_multiply_are_given_up() -> None:
    """Thirty steps with two ways each are a thousand million; counting ends it early."""
    names = {f"s{i}": {"anyOf": [{"$ref": f"#/$defs/s{i + 1}"}] * 2} for i in range(14)}
    schema: dict[str, Any] = {
        "$defs": {**names, "s14": {"items": {"$ref": "#/$defs/s0"}, "type": "array"}}
    }
    schema["$ref"] = "#/$defs/s0"
    check_schema(schema)
    value: Any = "no list"
    for _ in range(6):
        value = [value]
    started = time.monotonic()
    with pytest.raises(TooMuchWorkError):
        first_error(validator_for(schema), value, steps=20_000)
    assert time.monotonic() - started < 5


MILLION = 1_000_000


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^(a+)+$", "a" * MILLION + "!"),
        (r"^(a|a)*$", "a" * MILLION + "!"),
        (r"^(\w+\s?)*$", "a " * (MILLION // 2) + "!"),
        (r"(x+x+)+y", "x" * MILLION),
        (r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@)", "a" * MILLION),
    ],
)
def test_patterns_take_linear_time(pattern: str, text: str) -> None:
    """Each of these blocks a backtracking engine for longer than anybody lives."""
    started = time.monotonic()
    assert not searcher(pattern)(text)
    assert time.monotonic() - started < 1.0


@given(st.text(max_size=30), st.text(max_size=30) | st.characters(categories=["Cs"]))
def test_any_pattern_is_refused_or_usable(pattern: str, text: str) -> None:
    """Half an emoji in the text is no reason to fail."""
    try:
        found = searcher(pattern)
    except PatternRefusedError:
        return
    assert found(text) in (True, False)


def test_uniqueness_takes_linear_time() -> None:
    """Jsonschema compares each object with each other one."""
    items = [{"n": n} for n in range(50_000)]
    started = time.monotonic()
    assert first_error(validator_for({"uniqueItems": True}), items) is None
    assert first_error(validator_for({"uniqueItems": True}), [*items, {"n": 5}]) is not None
    assert time.monotonic() - started < 5


PRODUCTS = [
    pytest.param({"items": {"enum": list(range(9_000))}}, [-1] * 200_000, id="enum"),
    pytest.param(
        {"contains": {"enum": [{"n": n} for n in range(5_000)]}},
        [{"n": -1}] * 60_000,
        id="contains",
    ),
    pytest.param(
        {"unevaluatedItems": False, "contains": {"type": "string"}}, [1] * 100_000, id="items"
    ),
    pytest.param(
        {"unevaluatedProperties": {"type": "integer"}, "maxProperties": 9},
        {f"name{n}": n for n in range(60_000)},
        id="names",
    ),
    pytest.param(
        {"patternProperties": {f"^k{n}$": {} for n in range(900)}},
        {f"x{n}": 1 for n in range(60_000)},
        id="patterns-of-names",
    ),
    pytest.param(
        {"allOf": [{"pattern": f"a.{{20}}b{n}"} for n in range(1_000)]},
        "a" * 900_000,
        id="patterns",
    ),
    pytest.param({"anyOf": [{"const": n} for n in range(2_000)]}, ["x"] * 200_000, id="messages"),
]


@pytest.mark.parametrize(("schema", "value"), PRODUCTS)
def test_a_long_schema_and_a_long_value_do_not_multiply(schema: Any, value: Any) -> None:
    """Each is within its own bound; going through one for each part of the other takes minutes."""
    check_schema(schema)
    started = time.thread_time()
    with contextlib.suppress(TooMuchWorkError):
        assert first_error(validator_for(schema), value) is not None
    assert time.thread_time() - started < 10


@given(
    cents=st.integers(-(10**12), 10**12),
    unit=st.sampled_from(["0.01", "0.1", "0.25", "0.001", "1e-6"]),
)
def test_a_multiple_is_one_as_it_is_written(cents: int, unit: str) -> None:
    """19.99 is a multiple of 0.01, whatever binary fractions say; 19.995 is none."""
    exact = Decimal(unit)
    validator = validator_for({"multipleOf": float(unit)})
    amount = Decimal(cents) / 100
    assert validator.is_valid(float(amount)) == (amount % exact == 0)


@pytest.mark.parametrize(
    ("value", "fits"), [(1, True), (1.0, True), (True, False), ("1", False), ([0], False)]
)
def test_what_an_enumeration_allows_is_compared_as_json(value: Any, fits: bool) -> None:
    """1 is 1.0, and true is neither."""
    assert validator_for({"enum": [1, [False], {"a": [1]}]}).is_valid(value) == fits
    assert validator_for({"enum": [{"a": [1], "b": 0}]}).is_valid({"b": 0, "a": [value]}) == fits
