"""The notation in which planners read schemas can be written by them."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.planners.notation import LONGEST, NotationError, read_notation
from pointsman.planners.tool_lines import arguments
from pointsman.state.shapes import shape_of

TEXT, NUMBER = {"type": "string"}, {"type": "number"}


def fields(required: list[str], **properties: Any) -> dict[str, Any]:
    """Return the schema of an object."""
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("text", TEXT),
        ("[text]", {"type": "array", "items": TEXT}),
        ("{iban: text, amount: number}", fields(["iban", "amount"], iban=TEXT, amount=NUMBER)),
        ("{tags?: [text]}", fields([], tags={"type": "array", "items": TEXT})),
        ('"low" | "high"', {"enum": ["low", "high"]}),
        ("number or null", {"anyOf": [NUMBER, {"type": "null"}]}),
        ("{any name: number}", {**fields([]), "additionalProperties": NUMBER}),
        ("{on: text (YYYY-MM-DD)}", fields(["on"], on={**TEXT, "description": "YYYY-MM-DD"})),
        ('{"first name": text,\n  n: int}', None),
        ("{a: string, b: bool, c: float, d: any}", None),
    ],
)
def test_a_schema_is_read(text: str, schema: dict[str, Any] | None) -> None:
    """Kinds, lists, fields, choices, remarks; other names of the same kinds too."""
    found = read_notation(text)

    assert schema is None or found == schema
    assert found.get("required", []) == [*found.get("properties", {})] or "?" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the end"),
        ("{a: text", "',' is missing"),
        ("{a text}", "':'"),
        ("{a: money}", "there is text, number"),
        ("[text] x", "nothing may follow"),
        ("{a: text; b: text}", "has no meaning"),
        ("[" * 40, "too deeply"),
        ("text" * LONGEST, "longer than"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, said: str) -> None:
    """The error says what stands where, so that a model can mend it."""
    with pytest.raises(NotationError, match=said.replace("'", ".")):
        read_notation(text)


_KINDS = st.sampled_from([TEXT, NUMBER, {"type": "integer"}, {"type": "boolean"}])
_SCHEMAS = st.recursive(
    st.one_of(_KINDS, st.builds(lambda kind: {"anyOf": [kind, {"type": "null"}]}, _KINDS)),
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.dictionaries(
            st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), inner, max_size=4
        ).flatmap(
            lambda properties: st.builds(
                lambda needed: fields(
                    [name for name in properties if name in needed], **properties
                ),
                st.sets(st.sampled_from(sorted(properties) or ["none"])),
            )
        ),
    ),
    max_leaves=8,
)


@given(_SCHEMAS)
def test_what_is_shown_can_be_read(schema: dict[str, Any]) -> None:
    """The line that a planner reads of a schema means that schema."""
    assert shape_of(read_notation(arguments(schema))) == shape_of(schema)


@given(st.text(alphabet='{}[]:,|?() \n"ab', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """There is no other error, whatever a model writes."""
    with contextlib.suppress(NotationError):
        assert isinstance(read_notation(text), dict)
