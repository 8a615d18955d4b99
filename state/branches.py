"""Branches: what must hold for a step to run at all, of its own condition and of what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..errors import PlanError
from .contradictions import contradiction, exclude
from .plan import Step


@dataclass(frozen=True)
class Branches:
    """The conditions that steps stand under, each known once those that it needs are."""

    around: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the loops around: step → its condition."""
    of: dict[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """Step → all that must hold for it to run."""

    def add(self, step: Step) -> None:
        """Take a step more, whose needs have been taken.

        Raises:
            PlanError: It needs what never comes together.
        """
        found = self._joined(step.requires())
        if step.when:
            found[step.id] = step.when
        self.of[step.id] = found
        self._check(found, step.id, own=step.id)

    def check_sentence(self, read: Iterable[str], where: str) -> None:
        """Refuse a sentence that could never be told.

        Raises:
            PlanError: It reads steps that never run together.
        """
        self._check(self._joined(read), where, own="")

    def inside(self, step_id: str) -> Branches:
        """Return what steps of a loop's group stand under."""
        return Branches(around=self.of[step_id])

    def _joined(self, needed: Iterable[str]) -> dict[str, str]:
        joined = dict(self.around)
        for name in sorted(needed):
            joined |= self.of.get(name, {})
        return joined

    def _check(self, found: Mapping[str, str], where: str, *, own: str) -> None:
        parts = contradiction(*found.values()) if len(found) > 1 else ""
        if not parts:
            return
        names = list(found)
        pairs = ((a, b) for at, a in enumerate(names) for b in names[at + 1 :])
        one, other = next(((a, b) for a, b in pairs if exclude(found[a], found[b])), ("", ""))
        if own in (one, other):
            needed = other if own == one else one
            raise PlanError(
                f"It never runs: {needed!r}, which it needs, runs only if {found[needed]}.",
                where=f"{where}.when" if own else where,
                fix="Compare otherwise, or do without it: has, default or first_of.",
            )
        raise PlanError(
            f"It needs {one!r} and {other!r}, of which only one runs."
            if one
            else f"It needs what never comes together: {parts}.",
            where=where,
            fix=f'Use {{"$first_of": [{{"$from": "{one}"}}, {{"$from": "{other}"}}]}}, or '
            f"first_of({one}, {other}) in an expression.",
        )
