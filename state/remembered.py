"""Remembered: what earlier turns of a thread have found out and done, with its age.

A plan refers to it as to the output of a step. What was read may have changed since: how long it
counts as fresh is the tool's contract's to say, and whatever was changed since makes it old.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .plan import Plan, Step
from .results import StepResult
from .values import JsonObject, Record, size_of

FRESH_SECONDS = 900.0
"""How long a reading is fresh where its tool's contract does not say."""
KEPT = 24
"""Newest results of a thread that prompts show; proofs are shown besides."""
KEPT_SMALL = 96
"""Newest results that a thread remembers where they are small; prompts name them in a line."""
SMALL = 1000
"""Bytes of a result up to which it is remembered for longer: each checkpoint holds it."""


class Remembered(Record):
    """A result of an earlier turn."""

    step: Step
    """The call with the arguments that it was made with, under the name by which plans refer to
    it: `t2_order`."""
    result: StepResult
    run: str
    """Id of the run that it is of."""
    at: float
    """Unix time of the turn."""
    changes: bool = False
    """Whether the call has changed something; what was done does not grow old."""
    fresh_seconds: float | None = None
    """How long the contract says that it is fresh."""
    proves: str = ""
    """What it proves for the whole thread."""

    @property
    def is_small(self) -> bool:
        """Whether a checkpoint holds little of it."""
        return bool(self.result.payload) or size_of(self.result.output) <= SMALL

    @property
    def lasts(self) -> float:
        """Seconds for which it is fresh."""
        if self.changes or self.proves:
            return float("inf")
        return FRESH_SECONDS if self.fresh_seconds is None else self.fresh_seconds


def recalled_name(turn: int, step: str) -> str:
    """Return the name of a step of an earlier turn."""
    return f"t{turn}_{step}"[:40]


def recalled(
    turn: int, step: Step, args: JsonObject, result: StepResult, *, at: float
) -> tuple[Step, StepResult]:
    """Return a step and its result as later turns refer to them."""
    name = recalled_name(turn, step.id)
    evidence = tuple(
        e.model_copy(update={"id": e.id.replace(e.step, name, 1), "step": name})
        for e in result.evidence
    )
    kept = Step(id=name, kind="tool", tool=step.tool, goal=step.goal, args=args)
    update = {"step": name, "evidence": evidence, "recalled": at, "attempts": (), "approval": None}
    return kept, result.model_copy(update=update)


def together(before: Sequence[Remembered], new: Iterable[Remembered]) -> tuple[Remembered, ...]:
    """Join what is remembered; a run that went on replaces what it had brought."""
    added = list(new)
    again = {(item.run, item.step.tool, item.step.goal) for item in added}
    old = [item for item in before if (item.run, item.step.tool, item.step.goal) not in again]
    all_ = [*old, *added]
    newest = all_[-KEPT:]
    older = [item for item in all_[-KEPT_SMALL:-KEPT] if item.is_small]
    return tuple(item for item in all_ if item.proves or item in newest or item in older)


def shown_whole(known: Sequence[Remembered]) -> list[Remembered]:
    """Return the results that a prompt shows with what they brought."""
    newest = known[-KEPT:]
    return [item for item in known if item.proves or item in newest]


def is_fresh(item: Remembered, among: Sequence[Remembered], *, now: float) -> bool:
    """Whether a result still stands: it is young, and nothing was changed since.

    Args:
        item: The result.
        among: What the thread remembers, the results of one run in the order of its plan.
        now: Unix time.
    """
    if item.changes or item.proves:
        return True
    names = [other.step.id for other in among]
    own = names.index(item.step.id) if item.step.id in names else len(names)
    changed = any(
        other.changes and (other.at > item.at or (other.run == item.run and at > own))
        for at, other in enumerate(among)
    )
    return not changed and now - item.at <= item.lasts


def used(plan: Plan, known: Mapping[str, Remembered]) -> tuple[Remembered, ...]:
    """Return what a plan refers to of earlier turns."""
    named = {need for step in plan.steps for need in step.needs()}
    for index, sentence in enumerate(plan.answer):
        named |= {*sentence.cites, *plan.read_by_answer(index)}
    return tuple(item for name, item in known.items() if name in named)
