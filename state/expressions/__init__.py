"""Expressions: a small, total language over values that steps brought.

Its grammar is a part of Python's, which models write without being taught; `docs/plans.md` is the
reference. An expression ends within bounds, or raises an `ExpressionError` that names the place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lazy import exports

if TYPE_CHECKING:
    from .evaluation import evaluate
    from .syntax import Expression, parse

__all__ = ["Expression", "evaluate", "parse"]

__getattr__ = exports(
    __name__, {"Expression": "syntax", "evaluate": "evaluation", "parse": "syntax"}
)
