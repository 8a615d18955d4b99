"""When a planner's reply is a refusal, and when a field merely says that there is none."""

from __future__ import annotations

import pytest

from pointsman.planners.prompts import refusal


@pytest.mark.parametrize(
    "said",
    [
        *(None, "", " ", "None", "none.", "n/a", "N/A", "NA", "null", "-", "Nothing", "[]", "{}"),
        *("Not applicable.", "no", "false", "…", "`none`", "undefined"),
    ],
)
def test_an_empty_field_is_no_refusal(said: str | None) -> None:
    """Models fill a field that has nothing to say in many ways."""
    assert refusal({"steps": [{"id": "a"}], "cannot": said}) == ""


def test_a_reason_is_a_refusal() -> None:
    """What says why stays, word for word."""
    assert refusal({"steps": [], "cannot": "None of the tools paints."}) == (
        "None of the tools paints."
    )
    assert refusal({"steps": []}) == ""
