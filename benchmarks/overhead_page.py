"""The page `docs/benchmarks.md`, written from what `overhead` has measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from statistics import median, quantiles
from typing import NamedTuple

LIBRARIES = ("langgraph", "langchain", "langchain-openai", "langgraph-checkpoint-sqlite")


class Cost(NamedTuple):
    """What runs cost, in milliseconds each."""

    cpu: list[float]
    wall: list[float]


class CostGoal(NamedTuple):
    """Whom a contender is compared with, and the most that the ratio of processor time may be."""

    peer: str
    most: float


class CostRatio(NamedTuple):
    """A contender beside its peer, by medians."""

    cpu: float
    wall: float
    best: float
    """Its quick runs against the peer's slow ones: beyond the bound, no noise explains it."""

    def misses(self, bound: CostGoal) -> bool:
        """Whether the bound is missed by more than the spread."""
        return self.best > bound.most


def compared(own: Cost, peer: Cost) -> CostRatio:
    """Compare what two contenders cost."""
    return CostRatio(
        cpu=median(own.cpu) / median(peer.cpu),
        wall=median(own.wall) / median(peer.wall),
        best=quantiles(own.cpu, n=4)[0] / quantiles(peer.cpu, n=4)[2],
    )


def page(found: Mapping[str, Cost], bounds: Mapping[str, CostGoal], *, rounds: int) -> str:
    """Write the page.

    Args:
        found: Contender → what its runs cost.
        bounds: Contender → its bound.
        rounds: How many runs of each.
    """
    rows = ["| | processor ms | quarter to quarter | wall ms |", "|---|---|---|---|"]
    rows += [_row(name, cost) for name, cost in found.items()]
    goals = ["| | compared with | processor | wall | goal |", "|---|---|---|---|---|"]
    for name, bound in bounds.items():
        ratio = compared(found[name], found[bound.peer])
        goal = f"{bound.most} {'missed' if ratio.misses(bound) else 'within the spread'}"
        goals.append(f"| {name} | {bound.peer} | {ratio.cpu:.2f} | {ratio.wall:.2f} | {goal} |")
    return _PAGE.format(
        rounds=rounds, machine=_machine(), rows="\n".join(rows), goals="\n".join(goals)
    )


def _row(name: str, cost: Cost) -> str:
    low, middle, high = quantiles(cost.cpu, n=4)
    return f"| {name} | {middle:.1f} | {low:.1f} to {high:.1f} | {median(cost.wall):.1f} |"


def _machine() -> str:
    libraries: Sequence[str] = [f"{name} {version(name)}" for name in LIBRARIES]
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} processors, {python}, {', '.join(libraries)}"


_PAGE = """\
# What a run costs

Written by `python -m pointsman.benchmarks.overhead --page docs/benchmarks.md`; change that, not
this page.

A run is two calls of a model over HTTP and one tool that reads; a playbook's run calls no model.
All contenders run in one process, in {rounds} rounds that take turns, each run on a thread of its
own. The middlewares are an approval for what writes, retries of models and of tools, and a limit on
calls. Times are of a shared machine ({machine}); what counts is the ratio.

{rows}

*The same graph, empty* has the supersteps of a planned run and its two calls of a model, and
nothing else: no plan, no policy, no journal, no checks. As long as LangGraph performs these nodes,
no change to this package makes a planned run cheaper than that.

## Against the goals

{goals}

A goal is missed if the quicker quarter of our runs is beyond it against the slower quarter of the
peer's.

## What may be lost with the power

Effects, step outcomes, approvals, reservations, and plans and answers that a model wrote are
committed with a wait for the disk (`synchronous=FULL`) before anything follows from them; runs side
by side share commits. These are not:

- Checkpoints of the SQLite checkpointer that the command line opens. A thread goes on from an
  earlier one, and the journal gives back what was done since.
- The line of a model's call, until what came of its reply is committed, or a quarter of a second
  ([018](decisions/018-a-read-needs-no-claim.md)). Under a cap its money was reserved durably before
  it left and counts as spent.
- A call that only reads, until its step outcome is committed. It is made again.
- A plan or an answer that took no call of a model, until the next write. It is made again for
  nothing ([008](decisions/008-one-door-to-state.md)).
"""
