"""Resume value: what is sent to a thread that waits, before anybody reads a decision in it.

LangGraph writes it down first, and says of what it cannot write nothing that helps who has sent it.
"""

from __future__ import annotations

from typing import Any

from ..errors import DecisionError

MOST_LEVELS = 100
_FIX = 'Send {"decisions": [{"type": "approve"}]} or another documented form.'


def check_resume_value(value: Any) -> None:
    """Refuse what is no JSON, or is nested too deep to be written.

    Raises:
        DecisionError: It says which.
    """
    if value is None:
        raise DecisionError("It holds no decision.", where="resume", fix=_FIX)
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [part for item in level for part in _parts(item)]
        if not level:
            return
    raise DecisionError(
        f"It is nested more than {MOST_LEVELS} levels deep.", where="resume", fix=_FIX
    )


def _parts(value: Any) -> list[Any]:
    match value:
        case dict() if all(isinstance(name, str) for name in value):
            return list(value.values())
        case list() | tuple():
            return list(value)
        case None | bool() | int() | float() | str():
            return []
        case _:
            raise DecisionError(
                f"It holds a {type(value).__name__} that JSON does not have.",
                where="resume",
                fix=_FIX,
            )
