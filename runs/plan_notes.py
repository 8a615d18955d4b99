"""The kinds under which the journal keeps its notes of plans."""

from __future__ import annotations

PLAN_NOTE = "plan"
"""The kind of earlier releases, which binds a note to nothing but its version."""


def kind_for(asked: str) -> str:
    """Return the kind of the note of a plan.

    Args:
        asked: A digest of what was planned for.
    """
    return f"{PLAN_NOTE}:{asked[:16]}"


def is_plan_note(kind: str) -> bool:
    """Whether a note of this kind is a plan."""
    return kind.partition(":")[0] == PLAN_NOTE
