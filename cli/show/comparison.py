"""Comparison pages: two runs side by side, for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ...state.values import Json
from .amounts import compact
from .output import Output, visible

if TYPE_CHECKING:
    from ...runs.comparison import FactPair, RunComparison

SAYS_NOTHING = "–"


class ComparisonPage:
    """Prints a comparison: a fact a line, the two values below each other.

    Args:
        output: Where to.
        limit: Most characters of one value; `None` for all.
        every: Print what is the same too.
    """

    def __init__(self, output: Output, *, limit: int | None, every: bool) -> None:
        self._output = output
        self._limit = limit
        self._every = every

    def show(self, comparison: RunComparison, *, before: str, after: str) -> None:
        """Print both runs, which are called `before` and `after`."""
        count = len(comparison.differences())
        said = f"{count} differences" if count != 1 else "1 difference"
        self._output.line(Text(visible(f"{before}  |  {after}:  {said}"), style="bold"))
        self._facts(comparison.facts)
        for pair in comparison.steps:
            if pair.differs or self._every:
                goal = f"  {pair.goal}" if pair.goal else ""
                name = f"step {pair.step} of plan {pair.plan_version}"
                self._output.line(Text(visible(f"{name}{goal}"), style="bold"))
                self._facts(pair.facts)

    def line(self, name: str, value: str) -> None:
        """Print a named value."""
        self._output.line(Text(f"{name:<14} ", style="dim").append(visible(value)))

    def _facts(self, facts: tuple[FactPair, ...]) -> None:
        for fact in facts:
            if fact.differs:
                self.line(fact.name, self._cut(fact.before))
                self.line("", self._cut(fact.after))
            elif self._every:
                self.line(f"= {fact.name}", self._cut(fact.before))

    def _cut(self, value: Json) -> str:
        return SAYS_NOTHING if value is None else compact(value, limit=self._limit)
