"""Limits: what one expression and one evaluation of it may cost.

An evaluation runs on the event loop between other people's work, so it must end within 50 ms
whatever the expression and its data are. Time is counted in operations, not read from a clock:
the same expression over the same data ends the same way on every machine and on replay.
"""

from __future__ import annotations

from ...errors import ExpressionError

MAX_LENGTH = 2_000
"""Characters of an expression: more than a person would check before approving."""

MAX_DEPTH = 60
"""Levels of nesting: evaluation takes up to three Python frames for each, of 1000 there are."""

OPERATIONS = 100_000
"""Operations of one evaluation; each takes 0.2 to 0.4 µs, so 40 ms at most."""

CHARACTERS = 1_000_000
"""Characters of text that one evaluation may produce, intermediate texts included."""

RESULT_SIZE = 1_500_000
"""About the bytes of a result as JSON: the largest argument that a tool could be given."""

TEXT_SIZE = 100_000
"""Bytes of a list or an object that is written as text."""

DIGITS = 50
"""Digits of a number: beyond every currency, below where arithmetic becomes slow."""

RANGE = 10_000
"""Numbers that `range` yields."""

DATA_DEPTH = 100
"""Levels of nested data that are compared or counted."""

WORK_PER_OPERATION = 32
"""Characters that one operation compares, searches or changes."""


class Allowance:
    """What is left for one evaluation."""

    __slots__ = ("_characters", "_operations")

    def __init__(self) -> None:
        self._operations = OPERATIONS
        self._characters = CHARACTERS

    def spend(self, operations: int) -> None:
        """Take operations.

        Raises:
            ExpressionError: None are left.
        """
        self._operations -= operations
        if self._operations < 0:
            raise ExpressionError(
                f"It takes more than {OPERATIONS:,} operations on this data.",
                fix="Filter or cut the list first, or let a tool do it.",
            )

    def scan(self, text: str) -> str:
        """Take the operations for going through a text, and return it."""
        self.spend(len(text) // WORK_PER_OPERATION + 1)
        return text

    def write(self, characters: int) -> None:
        """Take characters of text that is about to be made.

        Raises:
            ExpressionError: None are left.
        """
        self._characters -= characters
        if self._characters < 0:
            raise ExpressionError(
                f"It makes more than {CHARACTERS:,} characters of text.",
                fix="Use fewer items, or shorter texts.",
            )
