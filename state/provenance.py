"""Provenance: which untrusted sources a value was computed from.

A label names one untrusted source, `tool:read_mail#s2` or `file:invoice.txt`. No labels means that
the value comes from the user, from trusted tools or from our own documents. The rule is the one of
information flow control (CaMeL, Debenedetti et al. 2025): what is computed from a labelled value
carries its labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .plan import Step
from .results import StepResult
from .values import Trust


def argument_provenance(
    step: Step, results: Mapping[str, StepResult]
) -> dict[str, tuple[str, ...]]:
    """Return argument path → labels, for the arguments that have any."""
    found: dict[str, set[str]] = {}
    for ref in step.uses():
        labels = {f"file:{ref.attachment}"} if ref.attachment else set(results[ref.step].taint)
        if labels:
            found.setdefault(ref.at, set()).update(labels)
    return {at: tuple(sorted(labels)) for at, labels in found.items()}


def union(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Join labels, sorted and without repetition."""
    return tuple(sorted({label for group in groups for label in group}))


def output_taint(
    *, source: str, trust: Trust, arguments: Mapping[str, tuple[str, ...]], plan: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the labels of an output: its own source if untrusted, and those of what went in."""
    own = (source,) if trust == "untrusted" else ()
    return union([own, plan, *arguments.values()])
