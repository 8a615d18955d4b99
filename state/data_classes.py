"""Data classes: what kinds of data flow into a prompt; models are chosen by them.

The rule is that of taint and readers: what is made from data of a class is data of that class, and
a user who has heard of it may repeat it. What an earlier release has stored without classes counts
as data of none; what its results, files and waiting requests carry counts all the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from .plan import Plan
from .provenance import union
from .results import StepResult
from .task import Attachment


def classes_of(
    plan: Plan,
    results: Iterable[StepResult],
    *,
    files: Iterable[Attachment] = (),
    heard: Iterable[str] = (),
) -> tuple[str, ...]:
    """Return the classes of all that was read to make something: a step, a plan, an answer.

    Args:
        plan: What it is planned by; what is literal in a plan may repeat what its planner read.
        results: What it reads, failures included: they may quote it.
        files: Attachments that it reads.
        heard: Classes that the conversation brings, and the lists of loops around it.
    """
    read = [result.data_class for result in results]
    return union([heard, plan.data_class, *read, *((f.data_class,) for f in files if f.data_class)])
