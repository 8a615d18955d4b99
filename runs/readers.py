"""Who may read what a step has brought: its tool says, the class of its data, and what went in."""

from __future__ import annotations

from ..state.readers import meet
from ..state.values import Readers
from ..state.verdict import ActOutcome
from ..tools.output_classes import output_classes
from ..tools.readers import output_readers
from .dependencies import Dependencies
from .lane_view import Route
from .step import Current


def readers_of(
    current: Current, route: Route, outcome: ActOutcome, dependencies: Dependencies
) -> Readers:
    """Return who may read an outcome: the output, or the words of a failure.

    Args:
        current: The step.
        route: How it was performed, with its arguments.
        outcome: What came back.
        dependencies: Tools, policy and settings.
    """
    if route.action != "tool":
        return current.readers()
    contract = dependencies.policy.corrected(dependencies.tools.get(current.step.tool).contract)
    own = output_readers(contract, route.args, outcome.output, caller=current.run.principal)
    classes = output_classes(contract, outcome.output)
    by_class = (dependencies.settings.readers.get(name) for name in classes)
    return meet([current.readers(), own, *by_class])
