"""Provenance: which untrusted sources a value was computed from.

A label names one untrusted source, `tool:read_mail#s2` or `file:invoice.txt`. No labels means that
the value comes from the user, from trusted tools or from our own documents. The rule is the one of
information flow control (CaMeL, Debenedetti et al. 2025): what is computed from a labelled value
carries its labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .likeness import Passages, spoken
from .plan import Step
from .references import at_path
from .results import StepResult
from .values import Json, JsonObject, Trust


def argument_provenance(
    step: Step, results: Mapping[str, StepResult]
) -> dict[str, tuple[str, ...]]:
    """Return argument path → labels, for the arguments that have any.

    What a condition reads decides that the step runs, and is no argument: see `conditions`.
    """
    found: dict[str, set[str]] = {}
    for ref in step.uses():
        if ref.at == "when":
            continue
        if ref.attachment:
            labels = {f"file:{ref.attachment}"}
        else:
            labels = set(results[ref.step].taint) if ref.step in results else set[str]()
        if labels:
            found.setdefault(ref.at, set()).update(labels)
    return {at: tuple(sorted(labels)) for at, labels in found.items()}


def union(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Join labels, sorted and without repetition."""
    return tuple(sorted({label for group in groups for label in group}))


def output_taint(
    *, source: str, trust: Trust, arguments: Mapping[str, tuple[str, ...]], control: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the labels of an output: its own source, what went in, and what decided to make it."""
    own = (source,) if trust == "untrusted" else ()
    return union([own, control, *arguments.values()])


def edited_provenance(
    provenance: Mapping[str, tuple[str, ...]], before: JsonObject, after: JsonObject
) -> dict[str, tuple[str, ...]]:
    """Return the labels of arguments that a person has edited.

    What the person wrote is theirs; what they left as it was keeps its labels, also where it moved
    or became a part of their text.

    Args:
        provenance: Argument path → labels, as they were.
        before: The arguments that the person was shown.
        after: Those that the person wants.
    """
    kept: dict[str, set[str]] = {}
    wanted = [(path, value, spoken(value)) for path, value in leaves(after, "")]
    for at, labels in provenance.items():
        old = [value for _, value in leaves(before, at)]
        if not old:
            # Nobody can say any more what it was: it counts as all that the person sends.
            kept.setdefault(at, set()).update(labels)
        same = {spoken(value) for value in old}
        texts = Passages(spoken(value) for value in old if isinstance(value, str))
        for path, value, told in wanted:
            here = not at or path == at or path.startswith(f"{at}.")
            # A short value, a number or a flag says nothing elsewhere: five is five.
            left = here and (told in same or texts.hold(told))
            if left or (isinstance(value, str) and texts.are_repeated_in(told)):
                kept.setdefault(path, set()).update(labels)
    return {at: tuple(sorted(labels)) for at, labels in kept.items()}


def leaves(value: Json, at: str) -> Iterator[tuple[str, Json]]:
    """Yield path and value of everything below `at` that holds nothing further.

    Args:
        value: The whole.
        at: Where to begin, a path; the whole is at the empty path.
    """
    try:
        top = at_path(value, at)
    except KeyError:
        return
    pending: list[tuple[str, Json]] = [(at, top)]
    while pending:
        path, inner = pending.pop()
        parts: Iterable[tuple[Any, Json]]
        if isinstance(inner, dict) and inner:
            parts = inner.items()
        elif isinstance(inner, list) and inner:
            parts = enumerate(inner)
        else:
            yield path, inner
            continue
        pending += [(f"{path}.{key}" if path else str(key), item) for key, item in parts]
