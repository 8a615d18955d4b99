"""Grading: our evaluators in LangSmith's form, and LangSmith's results read back.

`graded("task_success", task_success, database=…)` is an evaluator for `langsmith.evaluate` and
`aevaluate` on any dataset whose examples hold `Inputs`, whose references hold `Expected` and whose
target returns an `RunOutcome`, all as plain JSON.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from langsmith.evaluation import EvaluationResult, RunEvaluator
from langsmith.schemas import Example, Run

from .dataset import Expected, Inputs
from .evaluators import Evaluator, EvaluatorContext
from .outcome import RunOutcome
from .report import CaseReport, Mark

if TYPE_CHECKING:
    from .langsmith_results import ExperimentResultRow

CASE = "case"
KIND = "kind"
ATTACKED = "attacked"
"""Keys of an example's metadata."""

NOT_RUN = "not graded: the run crashed"


class Graded(RunEvaluator):
    """An evaluator in LangSmith's form.

    Args:
        name: The name of the score.
        evaluator: The evaluator.
        database: From an example to the SQLite file of its run.
    """

    def __init__(
        self, name: str, evaluator: Evaluator, *, database: Callable[[Example], Path]
    ) -> None:
        self._name = name
        self._evaluator = evaluator
        self._database = database

    @property
    def feedback_keys(self) -> list[str]:
        """The one score; LangSmith reports under it, too, that the evaluator raised."""
        return [self._name]

    def evaluate_run(
        self,
        run: Run,
        example: Example | None = None,
        evaluator_run_id: uuid.UUID | None = None,  # noqa: ARG002 - LangSmith's signature
    ) -> EvaluationResult:
        """Grade one run. What the evaluator raises is reported by the caller as an error."""
        if run.error or run.outputs is None or example is None:
            return EvaluationResult(key=self._name, comment=NOT_RUN)
        context = EvaluatorContext(
            inputs=Inputs.model_validate(example.inputs),
            outputs=RunOutcome.model_validate(run.outputs),
            reference=Expected.model_validate(example.outputs or {}),
            database=self._database(example),
        )
        grade = self._evaluator(context)
        return EvaluationResult(key=self._name, score=grade.score, comment=grade.comment or None)


def read_case(row: ExperimentResultRow) -> CaseReport:
    """Read a row of LangSmith's results."""
    run, example = row["run"], row["example"]
    results = row["evaluation_results"].get("results", [])
    metadata = example.metadata or {}
    outcome = RunOutcome.model_validate(run.outputs) if run.outputs and not run.error else None
    return CaseReport(
        id=str(metadata[CASE]),
        kind=metadata[KIND],
        attacked=bool(metadata.get(ATTACKED)),
        approvals=len(outcome.asked) if outcome else None,
        error=_first_line(run.error or ""),
        status=outcome.answer.status if outcome else "",
        marks={result.key: _mark(result) for result in results} if outcome else {},
        usage=outcome.usage if outcome else None,
        seconds=outcome.seconds if outcome else None,
    )


def _first_line(error: str) -> str:
    """Leave out the traceback, which went to standard error as it happened."""
    return next(iter(error.strip().splitlines()), "")


def _mark(result: EvaluationResult) -> Mark:
    comment = result.comment or ""
    # LangSmith gives a crashed evaluator no score, and what it raised as the comment.
    if result.score is None:
        return Mark(error=comment or "the evaluator gave no score")
    return Mark(score=float(result.score), comment=comment)
