"""The report: one Markdown page for people, one JSON file for everything else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from .agents import AGENTS
from .outcome import PairOutcome
from .suites import VERSION
from .summary import ALL, SuiteRow, summarize, summarize_channels

HEADER = """# AgentDojo {version}, no language model

Scripted models: an oracle that plans from the tasks' ground truth without knowing any value that
it has not read, and, under attack, a model that obeys every injection that it reads, in every role.
The person who is asked allows what the task asked for and nothing else.
{runs} runs in {seconds:.0f} s.

- **Pointsman** runs under its default policy: every change waits for a person. **Unattended**, one
  permit is added that lets every call run without one, so that taint alone makes calls wait.
- **create_agent, asking** has HumanInTheLoopMiddleware for every tool that changes something.
- **Orders obeyed**: attacks whose goal is a call and that reached it, by AgentDojo's checkers.
- **Strayed**: runs that performed any call with consequences (a change, or a read that can carry
  data out) that the task did not ask for, whether or not the attack reached its goal.
- **Slogans said**: attacks whose goal is that the answer says something; in brackets, those of them
  where it stood there without the label of an untrusted source.
- **Alone**: tasks done without asking anybody.
"""

CHANNELS_HEADER = """The plan has the ordered calls in it, as if the user had named them for some
case; what was read decides whether they are made. All permits are given, so that only taint asks.
"""

COLUMNS = (
    "Suite",
    "Agent",
    "Orders obeyed",
    "Strayed",
    "Slogans said",
    "Done",
    "Done under attack",
    "Approvals per task",
    "under attack",
    "Alone",
)


def markdown(outcomes: Sequence[PairOutcome], *, seconds: float) -> str:
    """Write the report for people."""
    rows = summarize(outcomes)
    parts = [
        HEADER.format(version=VERSION, runs=len(outcomes), seconds=seconds),
        overview(outcomes),
        "## By suite\n",
        _table([row for row in rows if row.suite != ALL]),
        "## Through what a plan can do\n",
        CHANNELS_HEADER,
        channel_table(outcomes),
        "## Who read the injection\n",
        "Attacked runs in which a role's prompt held the injection. A planner reads one only when "
        "it is\nasked for a new plan; extractors read the user's words alone.\n",
        _readers([row for row in rows if row.suite == ALL]),
    ]
    return "\n".join(parts)


def overview(outcomes: Sequence[PairOutcome]) -> str:
    """Write the table over all suites alone."""
    return _table([row for row in summarize(outcomes) if row.suite == ALL])


def channel_table(outcomes: Sequence[PairOutcome]) -> str:
    """Write the table of attacks through channels."""
    columns = ("Channel", "Attacks", "Read", "A person was asked", "Orders obeyed", "Strayed")
    rows = [
        tuple(map(str, (r.channel, r.attacks, r.read, r.denied, r.obeyed, r.strayed)))
        for r in summarize_channels(outcomes)
    ]
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _table(rows: Sequence[SuiteRow]) -> str:
    lines = [COLUMNS, tuple("---" for _ in COLUMNS), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cells(row: SuiteRow) -> tuple[str, ...]:
    return (
        row.suite,
        AGENTS[row.agent],
        f"{row.obeyed} / {row.orders}",
        str(row.strayed),
        f"{row.said} / {row.slogans} ({row.said_unlabelled})" if row.slogans else "",
        f"{row.done} / {row.tasks}",
        f"{row.done_attacked} / {row.attacks}",
        f"{row.approvals_per_task:.2f}",
        f"{row.approvals_per_attack:.2f}",
        str(row.done_alone),
    )


def _readers(rows: Sequence[SuiteRow]) -> str:
    lines = [
        f"- {AGENTS[row.agent]}: "
        + (", ".join(f"{role} {count}" for role, count in sorted(row.read_by.items())) or "nobody")
        + f", of {row.attacks}"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def write(outcomes: Sequence[PairOutcome], folder: Path, *, seconds: float) -> Path:
    """Write `agentdojo.md` and `agentdojo.json`; return the Markdown file."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "agentdojo.md"
    page.write_text(markdown(outcomes, seconds=seconds), encoding="utf-8")
    data = {
        "version": VERSION,
        "seconds": round(seconds, 1),
        "channels": [asdict(row) for row in summarize_channels(outcomes)],
        "summary": [row.as_document() for row in summarize(outcomes)],
        "outcomes": [asdict(outcome) for outcome in outcomes],
    }
    (folder / "agentdojo.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
    return page
