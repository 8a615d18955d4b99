"""A planner's line about a tool says all that its schema says, in fewer characters."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.planners.tool_lines import arguments, tool_lines
from pointsman.tools.contract import ToolContract

EMAIL = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("id", "sender", "subject", "body")},
    "required": ["id", "sender", "subject", "body"],
}


def fields(required: list[str], **properties: Any) -> dict[str, Any]:
    """Return the schema of a tool's arguments."""
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("schema", "line"),
    [
        pytest.param(fields([]), "{}", id="none"),
        pytest.param(
            fields(["city"], city={"type": "string", "description": "Where\n it is."}),
            "{city: text (Where it is.)}",
            id="described",
        ),
        pytest.param(
            fields([], n={"type": "integer", "default": 10, "minimum": 1, "maximum": 50}),
            "{n?: integer at least 1, at most 50 = 10}",
            id="bounded",
        ),
        pytest.param(
            fields([], cc={"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}),
            "{cc?: text}",
            id="null-if-absent",
        ),
        pytest.param(
            fields(["end"], end={"type": ["string", "null"], "format": "date-time"}),
            "{end: text date-time or null}",
            id="may-be-null",
        ),
        pytest.param(
            {
                **fields(["mode"], mode={"$ref": "#/$defs/Mode", "description": "How."}),
                "$defs": {"Mode": {"enum": ["r", "rw"], "type": "string"}},
            },
            '{mode: "r" | "rw" (How.)}',
            id="referred-to",
        ),
        pytest.param(
            fields(["to"], to={"type": "array", "items": {"type": "string"}, "maxItems": 3}),
            "{to: [text] of at most 3 items}",
            id="list",
        ),
        pytest.param(
            fields(["rates"], rates={"type": "object", "additionalProperties": {"type": "number"}}),
            "{rates: {any name: number}}",
            id="any-names",
        ),
        pytest.param(
            fields(["x"], x={"type": "string", "not": {"const": "a"}}),
            '{x: {"not":{"const":"a"},"type":"string"}}',
            id="no-words-for-it",
        ),
    ],
)
def test_a_schema_in_short(schema: dict[str, Any], line: str) -> None:
    """Types, what may be left out, bounds, choices and descriptions are all there."""
    assert arguments(schema) == line


def test_what_refers_to_a_definition_is_shown_with_it() -> None:
    """A part that stays JSON is of no use without the definitions it names."""
    tree = {"type": "object", "not": {"$ref": "#/$defs/Leaf"}}
    schema = {**fields(["t"], t=tree), "$defs": {"Leaf": {"type": "string"}}}

    assert json.loads(arguments(schema)) == schema


_LEAF = st.sampled_from(
    [{"type": "string"}, {"type": "integer"}, {"type": ["number", "null"]}, {"enum": ["a", 1]}, {}]
)
_SCHEMAS = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(lambda options: {"anyOf": options}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(
            lambda properties: {"type": "object", "properties": properties},
            st.dictionaries(st.sampled_from(["alpha", "beta", "gamma"]), inner, max_size=3),
        ),
        st.builds(lambda part: {"type": "object", "allOf": [part]}, inner),
    ),
    max_leaves=12,
)


def _names(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return {name for part in schema for name in _names(part)}
    if not isinstance(schema, dict):
        return set()
    own = set(schema.get("properties", ()))
    return own | {name for part in schema.values() for name in _names(part)}


@given(_SCHEMAS)
def test_no_field_is_lost(schema: dict[str, Any]) -> None:
    """Whatever the schema, every field's name stands in its line, which is never longer."""
    line = arguments(schema)

    assert all(name in line for name in _names(schema))
    assert len(line) <= len(json.dumps(schema, separators=(",", ":"))) + len("any")


def _contract(name: str, **options: Any) -> ToolContract:
    return ToolContract(name=name, description="Does it.", args_schema=fields([]), **options)


def test_what_two_tools_return_is_shown_once() -> None:
    """The second line names the first tool; a list of it says so."""
    one = _contract("get_email", effect="read", output_schema=EMAIL)
    many = _contract("find", effect="read", output_schema={"type": "array", "items": EMAIL})

    first, second = tool_lines([one, many]).splitlines()

    assert first.endswith("args {} returns {id: text, sender: text, subject: text, body: text}")
    assert second == "- find (read): Does it. args {} returns [what get_email returns]"


def test_a_foreign_line_says_all_itself() -> None:
    """What an outsider described stands whole in its block, and nothing outside refers to it."""
    foreign = _contract("a", effect="read", output_schema=EMAIL, described_by="mcp:x")
    own = _contract("b", effect="read", output_schema=EMAIL)

    block, _, line = tool_lines([foreign, own]).rpartition("\n")

    assert "sender: text" in block
    assert "sender: text" in line
