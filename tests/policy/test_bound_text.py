"""What a later release adds to the shipped policies takes no approval back."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest

from pointsman.policy.policyset import bound, compile_policies

SHIPPED = resources.files("pointsman.policy")


@pytest.mark.parametrize("file", ["default.cedar", "pointsman.cedarschema"])
def test_what_was_added_is_left_out_whole(file: str) -> None:
    """The marks stand in pairs, and nothing of what they hold is bound."""
    text = SHIPPED.joinpath(file).read_text("utf-8")

    assert text.count("// [later\n") == text.count("// later]\n") >= 1
    assert "// [later" not in bound(text)
    assert "granted-calls" not in bound(text)
    assert "leaks" not in bound(text)


def test_everything_else_is_bound() -> None:
    """Any other change is another version, a comment too."""
    text, schema = (
        SHIPPED.joinpath(name).read_text("utf-8")
        for name in ("default.cedar", "pointsman.cedarschema")
    )

    assert compile_policies(text, schema).digest != compile_policies(f"{text}//", schema).digest


def test_what_was_added_is_in_force(policy: Any) -> None:
    """It is left out of what approvals bind, not of the policies."""
    notes = {note.id for note in policy()._compiled.notes.values()}

    assert {"granted-calls", "readers-only"} <= notes
