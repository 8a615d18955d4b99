"""A model writes what a step comes to, and its confidence only where it is not sure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.models.calling.structured import schema_problem
from pointsman.runs.prompts import missing_in, read_step_reply, step_schema
from pointsman.state.plan import Step
from pointsman.state.values import Json, JsonObject

NAMES = st.text("abcdefgh_", min_size=1, max_size=8) | st.sampled_from(["result", "text"])
AMOUNT: JsonObject = {
    "type": "object",
    "properties": {"amount": {"type": "number"}},
    "required": ["amount"],
    "additionalProperties": False,
}


def reason(schema: JsonObject | None) -> Step:
    """Return a step whose result has a schema."""
    return Step(id="a", kind="reason", prompt="?", output_schema=schema)


@given(
    fields=st.dictionaries(NAMES, st.integers() | st.booleans(), max_size=4),
    confidence=st.none() | st.floats(0, 1),
)
def test_an_object_is_the_reply_itself(
    fields: dict[str, int | bool], confidence: float | None
) -> None:
    """Whatever its fields are called, with the confidence beside them or without."""
    kinds = {
        n: {"type": "boolean" if isinstance(v, bool) else "integer"} for n, v in fields.items()
    }
    step = reason({**AMOUNT, "properties": kinds, "required": list(fields)})
    reply: JsonObject = {**fields, **({} if confidence is None else {"confidence": confidence})}

    assert schema_problem(reply, step_schema(step)) == ""
    assert read_step_reply(step, reply) == (fields, confidence)


@pytest.mark.parametrize(
    ("schema", "result"),
    [
        pytest.param({"type": "number"}, 5, id="number"),
        pytest.param({"type": "array", "items": {"type": "string"}}, ["a"], id="list"),
        pytest.param({"type": "object", "properties": {"a": {}}}, {"a": 1, "b": 2}, id="open"),
        pytest.param({**AMOUNT, "minProperties": 1}, {"amount": 5}, id="bounded"),
        pytest.param({"anyOf": [AMOUNT, {"type": "null"}]}, None, id="one-of-several"),
        pytest.param(
            {**AMOUNT, "properties": {"confidence": {"type": "string"}}, "required": []},
            {"confidence": "high"},
            id="with-a-confidence-of-its-own",
        ),
    ],
)
def test_what_has_no_room_for_a_confidence_has_a_name(schema: JsonObject, result: Json) -> None:
    """It stands beside what the model says of its own certainty, and neither is the other's."""
    step = reason(schema)

    for reply, said in (({"result": result}, None), ({"result": result, "confidence": 0.2}, 0.2)):
        assert schema_problem(reply, step_schema(step)) == ""
        assert read_step_reply(step, reply) == (result, said)
    assert schema_problem({"confidence": 0.2}, step_schema(step)) != ""


def test_a_step_without_a_schema_gives_a_text() -> None:
    """It has a path like any other value."""
    step = reason(None)

    assert schema_problem({"text": "Hi."}, step_schema(step)) == ""
    assert read_step_reply(step, {"text": "Hi."}) == ({"text": "Hi."}, None)


@pytest.mark.parametrize(
    "reply",
    [
        {"amount": "5"},
        {},
        {"amount": 5, "more": 1},
        {"amount": 5, "confidence": 2},
        {"result": {"amount": 5}},
    ],
    ids=["kind", "absent", "more", "too-sure", "wrapped"],
)
def test_a_reply_is_held_to_the_schema(reply: JsonObject) -> None:
    """As strictly as when nothing could be left out."""
    assert schema_problem(reply, step_schema(reason(AMOUNT))) != ""


@pytest.mark.parametrize("schema", [AMOUNT, {"type": "array"}], ids=["fields", "wrapped"])
@pytest.mark.parametrize(
    ("said", "missing"),
    [("the amount", "the amount"), ("", ""), ("None", ""), ("n/a", ""), ("nothing", "")],
)
def test_what_is_not_in_the_data_is_said_beside_the_result(
    schema: JsonObject, said: str, missing: str
) -> None:
    """Where there is something to say."""
    step = reason(schema)
    result = {"amount": 0} if schema is AMOUNT else {"result": []}

    assert schema_problem({**result, "missing": said}, step_schema(step)) == ""
    assert missing_in(step, {**result, "missing": said}) == missing
    assert read_step_reply(step, {**result, "missing": said}) == read_step_reply(step, result)


def test_a_text_says_itself_what_is_missing() -> None:
    """It has room for it, and is an answer all the same."""
    step = reason(None)

    assert schema_problem({"text": "Hi.", "missing": "all"}, step_schema(step)) != ""
    assert missing_in(step, {"text": "Hi."}) == ""


def test_a_result_with_a_field_of_that_name_has_a_name_itself() -> None:
    """What a plan asks for under it is no word about the data."""
    step = reason({**AMOUNT, "properties": {"missing": {"type": "string"}}, "required": []})

    assert read_step_reply(step, {"result": {"missing": "a"}}) == ({"missing": "a"}, None)
    assert missing_in(step, {"result": {"missing": "a"}}) == ""
