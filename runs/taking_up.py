"""Taking up: a run that waited goes on, in a thread that has gone on meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from ..state.parked import ParkedRun
from ..state.provenance import union
from ..state.readers import meet, read_so_far
from .conversation import spoken
from .data_classes import heard_by_now
from .dependencies import Dependencies
from .thread_memory import remembered_by_now
from .updates import RunUpdate
from .view import RunView


def taken_up(
    parked: ParkedRun, rest: Sequence[ParkedRun], view: RunView, dependencies: Dependencies
) -> RunUpdate:
    """Put a run in the place of the one before, of which the thread forgets nothing.

    What that one found out stays referable, its answer is known for the agent's own, and whoever
    reads the conversation from now on reads what flowed into it.

    Args:
        parked: The run that goes on.
        rest: Those that wait besides.
        view: The run that makes way.
        dependencies: Tools, whose contracts say how long a result is fresh.
    """
    before, task = view.task, parked.task
    seen = [result.taint for result in view.results.values()]
    heard = [view.plan.taint, *seen, view.stop.taint if view.stop else ()]
    task = task.model_copy(
        update={
            "spoken": tuple(dict.fromkeys((*task.spoken, *spoken(view)))),
            "heard": union([task.heard, before.heard if before else (), *heard]),
            "data_class": union([task.data_class, heard_by_now(view)]),
            "readers": meet(
                [
                    task.readers,
                    read_so_far(view.plan, view.results, before.readers if before else None),
                ]
            ),
        }
    )
    return RunUpdate(
        taken_up=parked.model_copy(update={"task": task}),
        parked=rest,
        remembered=remembered_by_now(view, dependencies),
    )
