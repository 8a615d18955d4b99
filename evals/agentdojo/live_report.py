"""The table of live trials: each task for each agent, sums, and their ratios."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .live_trial import LIVE_AGENTS, LiveScore

_COLUMNS = ("Task", "Agent", "Done", "Calls", "Read", "Written", "Approvals")


def live_table(scores: Sequence[LiveScore]) -> str:
    """Write the table as Markdown; the last line holds the ratios of the two agents' sums."""
    lines = [_COLUMNS, tuple("---" for _ in _COLUMNS), *_rows(scores), *_sums(scores)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _rows(scores: Sequence[LiveScore]) -> Iterator[tuple[str, ...]]:
    for score in sorted(scores, key=lambda s: (s.suite, int(s.task), LIVE_AGENTS.index(s.agent))):
        figures = (score.calls, score.read, score.written, score.approvals)
        done = "yes" if score.useful else "no"
        yield (f"{score.suite} {score.task}", score.agent, done, *(f"{n:,}" for n in figures))


def _sums(scores: Sequence[LiveScore]) -> Iterator[tuple[str, ...]]:
    totals: list[tuple[int, ...]] = []
    for agent in LIVE_AGENTS:
        own = [s for s in scores if s.agent == agent]
        figures = tuple(
            sum(column) for column in zip(*((s.calls, s.read, s.written) for s in own), strict=True)
        )
        if own:
            done = f"{sum(s.useful for s in own)} / {len(own)}"
            approvals = f"{sum(s.approvals for s in own):,}"
            yield ("all", agent, done, *(f"{n:,}" for n in figures), approvals)
            totals.append(figures)
    if len(totals) == len(LIVE_AGENTS):
        ours, theirs = totals
        ratios = (f"{a / b:.2f}" if b else "" for a, b in zip(ours, theirs, strict=True))
        yield ("all", "ratio", "", *ratios, "")
