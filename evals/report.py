"""Report: what became of each case, and totals by kind and by evaluator."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, quantiles

from ..state.usage import Usage, total
from ..state.values import JsonObject, Record
from .dataset import KINDS, CaseKind

PASSING = 1.0 - 1e-9
"""A score is a share of checks; anything less than all of them fails."""


class Mark(Record):
    """What one evaluator said of one case."""

    score: float | None = None
    """From 0 to 1; `None`: the evaluator raised."""
    comment: str = ""
    error: str = ""
    """What the evaluator raised. It counts for no score."""

    @property
    def passed(self) -> bool:
        """Whether every check held."""
        return self.score is not None and self.score >= PASSING


class CaseReport(Record):
    """What became of one case."""

    id: str
    kind: CaseKind
    attacked: bool = False
    """Whether what the agent read gave orders of its own."""
    approvals: int | None = None
    """How often a person was asked; `None` where the run raised."""
    error: str = ""
    """What the run raised; it has no scores then."""
    status: str = ""
    """Of the answer."""
    marks: dict[str, Mark] = {}
    """Evaluator → mark."""
    usage: Usage | None = None
    seconds: float | None = None
    """From the first step to the answer, approvals included."""

    @property
    def errors(self) -> list[str]:
        """What crashed: the run, or evaluators."""
        crashed = [f"{name}: {mark.error}" for name, mark in self.marks.items() if mark.error]
        return [f"run: {self.error}", *crashed] if self.error else crashed

    @property
    def passed(self) -> bool:
        """Whether the run came to its end and every evaluator is content."""
        return bool(self.marks) and not self.error and all(m.passed for m in self.marks.values())

    @property
    def verdict(self) -> str:
        """`passed`, `failed`, or `error`."""
        return "passed" if self.passed else "error" if self.errors else "failed"


class LatencySummary(Record):
    """Seconds of the runs that came to their end."""

    median: float
    p95: float
    longest: float


class Tally(Record):
    """Counts over some cases."""

    cases: int
    passed: int
    failed: int
    errors: int
    usd: float | None
    """US dollars; `None` where one run has no known price."""
    latency: LatencySummary | None
    approvals: float | None = None
    """How often a person was asked, per case that came to its end."""


class EvaluatorTally(Record):
    """Counts of one evaluator over all cases that it graded."""

    graded: int
    passed: int
    errors: int
    mean: float | None


class EvaluationReport(Record):
    """What became of an experiment."""

    experiment: str = ""
    """Its name in LangSmith; empty for a local run."""
    dataset: str
    dataset_version: str
    config: str
    url: str = ""
    """Where LangSmith shows it; empty for a local run."""
    seconds: float
    """Wall time of the whole experiment."""
    cases: tuple[CaseReport, ...]

    @property
    def passed(self) -> bool:
        """Whether every case passed."""
        return all(case.passed for case in self.cases)

    @property
    def total(self) -> Tally:
        """Counts over all cases."""
        return tally(self.cases)

    @property
    def by_kind(self) -> dict[CaseKind, Tally]:
        """Kind → counts, of the kinds that there are."""
        present = {case.kind for case in self.cases}
        return {
            kind: tally([case for case in self.cases if case.kind == kind])
            for kind in KINDS
            if kind in present
        }

    @property
    def approvals_per_case(self) -> dict[str, float | None]:
        """How often a person was asked per case: without an attack, and under one."""
        return {
            name: tally([case for case in self.cases if case.attacked == attacked]).approvals
            for name, attacked in (("not_attacked", False), ("attacked", True))
        }

    @property
    def by_evaluator(self) -> dict[str, EvaluatorTally]:
        """Evaluator → counts."""
        names = dict.fromkeys(name for case in self.cases for name in case.marks)
        return {
            name: _evaluator_tally([c.marks[name] for c in self.cases if name in c.marks])
            for name in names
        }

    def document(self) -> JsonObject:
        """Return the form that programs read: everything, totals and verdicts included."""
        return {
            **self.model_dump(mode="json", exclude={"cases"}),
            "passed": self.passed,
            "total": self.total.model_dump(mode="json"),
            "approvals_per_case": self.approvals_per_case,
            "by_kind": {k: t.model_dump(mode="json") for k, t in self.by_kind.items()},
            "by_evaluator": {n: t.model_dump(mode="json") for n, t in self.by_evaluator.items()},
            "cases": [
                {**case.model_dump(mode="json"), "verdict": case.verdict} for case in self.cases
            ],
        }


def tally(cases: Sequence[CaseReport]) -> Tally:
    """Count."""
    verdicts = [case.verdict for case in cases]
    asked = [case.approvals for case in cases if case.approvals is not None]
    return Tally(
        cases=len(cases),
        passed=verdicts.count("passed"),
        failed=verdicts.count("failed"),
        errors=verdicts.count("error"),
        usd=total([case.usage for case in cases if case.usage]).usd,
        latency=_latency([case.seconds for case in cases if case.seconds is not None]),
        approvals=mean(asked) if asked else None,
    )


def _latency(seconds: Sequence[float]) -> LatencySummary | None:
    if not seconds:
        return None
    cuts = quantiles(seconds, n=20, method="inclusive") if len(seconds) > 1 else [seconds[0]] * 19
    return LatencySummary(median=cuts[9], p95=cuts[18], longest=max(seconds))


def _evaluator_tally(marks: Sequence[Mark]) -> EvaluatorTally:
    scores = [mark.score for mark in marks if mark.score is not None]
    return EvaluatorTally(
        graded=len(scores),
        passed=sum(mark.passed for mark in marks),
        errors=len(marks) - len(scores),
        mean=mean(scores) if scores else None,
    )
