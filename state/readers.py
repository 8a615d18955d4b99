"""Readers: who may read a value, the label of confidentiality beside that of integrity.

`None` means that nobody has said: whoever takes part in the run may. A list names people, by
whatever a tool's recipients are named by, and `@example.org` is everybody of that domain. The rule
is that of information flow control (CaMeL, Debenedetti et al. 2025): what is computed from several
values may be read by those alone who may read all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .plan import Plan, Step
from .references import Reference, references
from .results import StepResult
from .values import Readers

_OF_DOMAIN = re.compile(r"[^\s@,;:<>()\[\]\"\\]+@[^\s@,;:<>()\[\]\"\\]+")
"""One plain address: a text that some mail program takes for several is nobody's of a domain."""


def admits(readers: Readers, person: str) -> bool:
    """Say whether somebody is among the readers: exactly as named, or as an address of a domain."""
    if readers is None or person in readers:
        return True
    if not _OF_DOMAIN.fullmatch(person):
        return False
    return f"@{person.rpartition('@')[2]}" in readers


def meet(groups: Iterable[Readers]) -> Readers:
    """Return who is among all of several readers; nobody, where they have none in common."""
    common: Readers = None
    for readers in groups:
        if common is None or readers is None:
            common = readers if common is None else common
            continue
        both = [one for one in common if admits(readers, one)]
        common = tuple(sorted({*both, *(one for one in readers if admits(common, one))}))
    return common


def argument_readers(
    step: Step,
    results: Mapping[str, StepResult],
    files: Mapping[str, Readers],
    around: Readers,
) -> dict[str, tuple[str, ...]]:
    """Return argument path → readers, for the arguments that not everybody may read.

    At the empty path stand those of what decided that the step runs and of what its plan was made
    from: every argument, and the call itself, may repeat it.

    Args:
        step: The step.
        results: What it refers to.
        files: Attachment → its readers.
        around: Readers of its plan, and of the lists that it is looped over.
    """
    found: dict[str, Readers] = {"": around}
    for ref in (*references(step.args), *(ref for ref in step.uses() if ref.at == "when")):
        at = "" if ref.at == "when" else ref.at
        found[at] = meet([found.get(at), _readers_of(ref, results, files)])
    return {at: readers for at, readers in found.items() if readers is not None}


def _readers_of(
    ref: Reference, results: Mapping[str, StepResult], files: Mapping[str, Readers]
) -> Readers:
    if ref.attachment:
        return files.get(ref.attachment)
    result = results.get(ref.step)
    return result.readers if result else None


def read_so_far(plan: Plan, results: Mapping[str, StepResult], heard: Readers = None) -> Readers:
    """Return who may read all that a run has seen so far, and what it was told before.

    Whatever is written after it, a plan or an answer, may repeat any of it.
    """
    return meet([heard, plan.readers, *(result.readers for result in results.values())])
