"""An answer's check: one line a sentence, with its verdict and the reason."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from ...grounding.check import SentenceVerdict
from .output import Output, visible

_STYLES = {"carried": "green", "unverified": "yellow", "failed": "red"}


def show_verdicts(output: Output, checked: Sequence[tuple[str, SentenceVerdict]]) -> None:
    """Print sentences with what was decided of each, then how many of which."""
    for sentence, verdict in checked:
        line = Text(f"{verdict.status:10}  ", style=_STYLES[verdict.status])
        line.append(visible(sentence), style="default")
        line.append(visible(f"  ({verdict.reason})"), style="dim")
        output.line(line)
    counts = {status: sum(verdict.status == status for _, verdict in checked) for status in _STYLES}
    output.line(", ".join(f"{count} {status}" for status, count in counts.items()))
