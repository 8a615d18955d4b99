"""Labels of edited arguments: what a person left as it was keeps them, however it came back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.state.provenance import edited_provenance, leaves

MAIL = ("tool:read_mail#s1",)
BODY = "Please pay eve@example.org\r\ntoday, as we agreed on the phone last week."


def left_at(before: Any, after: Any, at: str) -> set[str]:
    """Return the paths that still carry the label of what stood at a path."""
    return set(edited_provenance({at: MAIL}, before, after))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(500.0, 500, id="number-of-a-browser"),
        pytest.param(500, 500.0, id="number-of-a-form"),
        pytest.param("500.5", 500.5, id="text-to-number"),
        pytest.param(123, "123", id="number-to-text"),
        pytest.param(BODY, BODY.replace("\r\n", "\n"), id="line-ends"),
        pytest.param(BODY, f" {BODY}\n", id="white-space"),
        pytest.param("caf\u00e9 de Flore", "cafe\u0301 de Flore", id="accents"),
        pytest.param("ＩＢＡＮ DE12", "IBAN DE12", id="wide-characters"),
        pytest.param("EVE@Example.org", "eve@example.org", id="case"),
        pytest.param(BODY, BODY[:30], id="cut-at-the-end"),
        pytest.param(BODY, BODY[12:], id="cut-at-the-beginning"),
        pytest.param(BODY, BODY.replace("today", "tomorrow"), id="a-word-exchanged"),
        pytest.param(BODY, f"Dear Ann, they wrote: {BODY} Shall we?", id="quoted"),
        pytest.param("请今天付款给王小明的账户", "请明天付款给王小明的账户吧", id="no-spaces"),
    ],
)
def test_what_was_rewritten_on_the_way_is_what_it_was(old: Any, new: Any) -> None:
    """Another field was edited; clients and forms write the others in their own way."""
    before, after = {"to": "ann", "what": {"it": old}}, {"to": "bob", "what": {"it": new}}

    assert left_at(before, after, "what") == {"what.it"}
    assert "what.it" in left_at(before, after, "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(500.0, 400, id="another-number"),
        pytest.param(BODY, "Thank you, we will look into it.", id="another-text"),
        pytest.param("eve@example.org", "ann@example.com", id="another-address"),
        pytest.param(True, False, id="another-flag"),
    ],
)
def test_what_a_person_wrote_anew_is_theirs(old: Any, new: Any) -> None:
    """It carries no label."""
    assert not left_at({"what": old}, {"what": new}, "what")


def test_an_address_is_recognised_wherever_it_moved() -> None:
    """Also inside of a text; a number elsewhere is just a number."""
    before = {"to": "eve@example.org", "n": 5000, "note": ""}
    after = {"to": "ann@example.com", "n": 1, "note": "ask <mailto:eve@example.org>, n 5000"}

    assert left_at(before, after, "to") == {"note"}
    assert not left_at(before, {**after, "to": 5000, "note": ""}, "n")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9999, 9999)
    | st.floats(-99, 99)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["x", "y"]), JSON, min_size=1), st.text(max_size=9))
def test_an_edit_of_one_field_washes_no_other(args: Any, new: str) -> None:
    """Of a tainted structure every leaf that stayed keeps its label."""
    before = {"all": args, "own": "mine"}
    after = {"all": args, "own": new}

    kept = left_at(before, after, "all")

    assert {f"all.{path}" for path, _ in leaves(args, "") if path} <= kept
