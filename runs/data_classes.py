"""The classes of data that flow into a run's prompts, and into what its steps bring."""

from __future__ import annotations

from ..state.data_classes import classes_of
from ..state.parked import ParkedRun
from ..state.provenance import union
from ..state.values import Json
from ..tools.output_classes import output_classes
from .dependencies import Dependencies
from .step import Current
from .view import RunView


def heard_by_now(view: RunView) -> tuple[str, ...]:
    """Return the classes of all that the thread has read so far.

    Whatever shows the conversation, what is remembered or what waits may repeat any of it: the
    prompts of the answer, and every prompt of the turns that follow.
    """
    recalled = (item.result for item in view.remembered.values())
    heard = [view.task.data_class if view.task else (), *map(of_parked, view.parked)]
    return classes_of(view.plan, [*view.results.values(), *recalled], heard=union(heard))


def of_parked(run: ParkedRun) -> tuple[str, ...]:
    """Return the classes of all that a waiting run has read: its requests may repeat any of it."""
    return classes_of(run.plan, run.results.values(), heard=run.task.data_class)


def of_output(current: Current, output: Json, dependencies: Dependencies) -> tuple[str, ...]:
    """Return the classes of what a step brings: of what it read, and its tool's own.

    Args:
        current: The step.
        output: What it brings; `None` where it failed.
        dependencies: Tools.
    """
    if current.step.kind != "tool":
        return current.data_class()
    own = output_classes(dependencies.tools.get(current.step.tool).contract, output)
    return union([current.data_class(), own])
