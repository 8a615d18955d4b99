"""Extraction: what is taken from a text stands in it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pointsman.planners.extraction import (
    Argument,
    Extraction,
    arguments_schema,
    extract,
    extract_with_model,
    occurs,
)
from pointsman.state.run import Run
from pointsman.state.values import Json, JsonObject

ORDER = Argument(description="the order number", pattern=r"ORD-\d{4}", case="upper")
AMOUNT = Argument(description="the amount", type="number", minimum=0)
COUNT = Argument(description="the count", type="integer")
SIZE = Argument(description="the size", enum=("small", "large"))
EMAIL = Argument(description="the address", pattern=r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
EVERY = {"order": ORDER, "amount": AMOUNT, "count": COUNT, "size": SIZE, "email": EMAIL}

FRAGMENTS = st.sampled_from(
    [
        "ORD-1001",
        "ord-2002",
        "ORD-10011",
        "$1,250.00",
        "20",
        "7.5",
        "small",
        "LARGE",
        "a@b.example",
        "refund",
        "-",
        ",",
        ".",
    ]
)
TEXTS = st.lists(FRAGMENTS | st.text(max_size=8), max_size=12).map(" ".join)
SCALARS: st.SearchStrategy[Json] = (
    st.text(max_size=12) | st.floats() | st.integers() | st.booleans() | st.none() | FRAGMENTS
)


@given(TEXTS)
@example("\u00b90")
def test_what_patterns_find_occurs(text: str) -> None:
    """Whatever the text, every extracted value stands in it."""
    assert all(occurs(value, text) for value in extract(EVERY, text).values.values())


@given(TEXTS, st.dictionaries(st.sampled_from(sorted(EVERY)), SCALARS))
async def test_what_a_model_proposes_occurs(text: str, proposal: JsonObject) -> None:
    """Whatever a model proposes, only what stands in the text is taken."""

    async def extractor(
        schema: JsonObject, text: str, *, run: Run, data_class: tuple[str, ...]
    ) -> JsonObject:
        return proposal

    run = Run(id="run", started_at=0.0)
    found = await extract_with_model(EVERY, text, extractor=extractor, run=run, data_class=())

    assert all(occurs(value, text) for value in found.values.values())
    assert set(found.values) | set(found.absent) | set(found.ambiguous) == set(EVERY)


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        pytest.param(1250.0, "refund $1,250.00 now", True, id="separators"),
        pytest.param(20, "20 dollars", True, id="plain"),
        pytest.param(20, "ORD-1203", False, id="inside-a-number"),
        pytest.param(20, "120 dollars", False, id="end-of-a-number"),
        pytest.param("Aiko  Tanaka", "for AIKO\ntanaka.", True, id="case-and-space"),
        pytest.param("Tan", "Tanaka", False, id="part-of-a-word"),
        pytest.param("", "anything", False, id="empty"),
    ],
)
def test_occurrence(value: Json, text: str, *, expected: bool) -> None:
    """Case, spacing, currency and separators do not count; parts of words and numbers do."""
    assert occurs(value, text) is expected


@pytest.mark.parametrize(
    ("argument", "text", "expected"),
    [
        pytest.param(ORDER, "about ord-1001", "ORD-1001", id="upper"),
        pytest.param(AMOUNT, "it cost $1,250.50", 1250.5, id="amount"),
        pytest.param(COUNT, "3 mugs", 3, id="integer"),
        pytest.param(SIZE, "a LARGE one", "large", id="enum"),
    ],
)
def test_values_have_the_form_that_tools_expect(
    argument: Argument, text: str, expected: Json
) -> None:
    """Values are written in one way."""
    assert extract({"a": argument}, text).values == {"a": expected}


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        pytest.param(ORDER, "about ORD-10011", id="longer-number"),
        pytest.param(AMOUNT, "minus -5", id="below-minimum"),
        pytest.param(COUNT, "2.5 mugs", id="no-integer"),
        pytest.param(SIZE, "medium", id="not-in-enum"),
    ],
)
def test_what_breaks_a_rule_is_not_taken(argument: Argument, text: str) -> None:
    """A candidate outside the argument's rules counts as absent."""
    assert extract({"a": argument}, text) == Extraction(absent=("a",))


def test_one_value_written_twice_is_one() -> None:
    """Repetition is not ambiguity; difference is."""
    assert extract({"a": ORDER}, "ORD-1001, ord-1001").values == {"a": "ORD-1001"}
    assert extract({"a": ORDER}, "ORD-1001, ORD-1002").ambiguous == {"a": ("ORD-1001", "ORD-1002")}


def test_context_tells_values_apart() -> None:
    """The new address is the one after "to"."""
    new = EMAIL.model_copy(update={"context": (r"\bto {value}",)})

    found = extract({"new": new}, "from a@b.example to c@d.example")
    assert found.values == {"new": "c@d.example"}


def test_the_first_text_decides() -> None:
    """Other texts are looked at only for what the request does not say."""
    assert extract({"a": ORDER}, "ORD-1001", "ORD-1002").values == {"a": "ORD-1001"}
    assert extract({"a": ORDER}, "it", "ORD-1002").values == {"a": "ORD-1002"}


def test_schemas_are_bounded() -> None:
    """Everything that a model may write has a bound."""
    for about in arguments_schema(EVERY)["properties"].values():
        assert "enum" in about or "maxLength" in about or {"minimum", "maximum"} <= set(about)
