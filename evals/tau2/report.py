"""The report: a table of how many tasks each form of tools got to the expected state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .experiment import TaskScore
from .tools import FORMS

_COLUMNS = ("Domain", "Tools", "Solved", "Score", "Calls", "Expected", "Requests")


def table(scores: Sequence[TaskScore]) -> str:
    """Write the table as Markdown."""
    lines = [_COLUMNS, tuple("---" for _ in _COLUMNS), *_rows(scores)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _rows(scores: Sequence[TaskScore]) -> Iterator[tuple[str, ...]]:
    for domain in dict.fromkeys(score.domain for score in scores):
        for form, title in FORMS.items():
            if run := [s for s in scores if (s.domain, s.form) == (domain, form)]:
                solved = sum(score.solved for score in run)
                yield (
                    domain,
                    title,
                    f"{solved} / {len(run)}",
                    f"{solved / len(run):.3f}",
                    str(sum(score.calls for score in run)),
                    str(sum(score.expected for score in run)),
                    str(sum(score.requests for score in run)),
                )


def shortfalls(scores: Sequence[TaskScore]) -> str:
    """Name the runs that did not get there, and what was left in each; empty if all did."""
    return "".join(
        f"- {score.domain} {score.task}, {FORMS[score.form]}: {'; '.join(score.left) or 'state'}\n"
        for score in scores
        if not score.solved
    )
