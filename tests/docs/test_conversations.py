"""docs/conversations.md names every event that the custom stream brings, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from pointsman.runs.events import EventName

PAGE = (Path(__file__).parents[2] / "docs" / "conversations.md").read_text(encoding="utf-8")


def test_every_event_is_documented() -> None:
    """Dashboards are built on their names."""
    table = PAGE[PAGE.index("| `event` | says |") :]
    named = {name for line in table.splitlines() for name in re.findall(r"`(\w+)`", line[:90])}

    assert set(get_args(EventName)) <= named
