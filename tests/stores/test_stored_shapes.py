"""What is stored has the shape that its version says."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the shapes of this release; importlib mode finds no sibling by itself."""
    monkeypatch.syspath_prepend(str(HERE))
    return importlib.import_module("stored_shapes")


def test_a_shape_changes_with_the_version(stored: Any) -> None:
    """A field or a value more makes a thread unreadable to the release before, which must say so.

    While the version is released nowhere, running `tests/stores/stored_shapes.py` is enough. Else
    raise `SCHEMA_VERSION`, bring the version before up in `state/migrations.py`, keep its golden
    states (`tests/runs/make_golden.py`), then run it.
    """
    assert stored.shapes() == json.loads(stored.FILE.read_text("utf-8"))


def test_every_record_that_a_row_holds_is_watched(stored: Any) -> None:
    """Whoever stores another kind of record has its shape watched, too."""
    package = HERE.parent.parent
    read = {
        name
        for room in ("stores", "policy", "runs", "workers")
        for file in (package / room).rglob("*.py")
        for name in re.findall(
            r"\b(?:record_in|consent_in|read_stored|self\._record|self\._optional)\(\s*(?:f?\"[^\"]*\",\s*)?"
            r"([A-Z]\w+)",
            file.read_text("utf-8"),
        )
    }
    watched = {kind.__name__ for kind in stored.STORED}
    # Parts of a state's own records, and facts of a request, which is watched as a whole.
    assert read - watched <= {"Attachment", "Step", "CallFacts", "Declined"}
    assert {"StepResult", "Decision", "CallGrant"} <= read
