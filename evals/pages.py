"""Pages: an evaluation's report as Markdown, and as files in a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import StoreError
from .report import CaseReport, EvaluationReport, EvaluatorTally, Mark, Tally


def write(report: EvaluationReport, folder: Path) -> tuple[Path, Path]:
    """Write `evaluation.md` and `evaluation.json`; return where they are.

    Raises:
        StoreError: The folder cannot be written to.
    """
    page, data = folder / "evaluation.md", folder / "evaluation.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        page.write_text(markdown(report), encoding="utf-8")
        data.write_text(json.dumps(report.document(), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"The report cannot be written: {error}", where=str(folder), fix="Name another folder."
        ) from error
    return page, data


def markdown(report: EvaluationReport) -> str:
    """Return the report as one page."""
    kinds = {**report.by_kind, "all": report.total}
    names = tuple(report.by_evaluator)
    blocks = [
        f"# Evaluation of {report.dataset}",
        _about(report),
        "## By kind",
        _table(
            (
                *("kind", "cases", "passed", "failed", "errors", "approvals per case"),
                *("cost", "median", "p95", "longest"),
            ),
            (_kind_row(kind, tally) for kind, tally in kinds.items()),
        ),
        "## By evaluator",
        _table(
            ("evaluator", "graded", "passed", "errors", "mean"),
            (_evaluator_row(name, tally) for name, tally in report.by_evaluator.items()),
        ),
        "## Cases",
        _table(
            ("case", "kind", "verdict", "answer", "approvals", *names, "seconds", "cost"),
            (_case_row(case, names) for case in report.cases),
        ),
        *_problems(report.cases),
    ]
    return "\n\n".join(blocks) + "\n"


def _about(report: EvaluationReport) -> str:
    facts = [
        f"Settings `{report.config}`",
        f"dataset version `{report.dataset_version}`",
        f"{report.seconds:.1f} s of wall time",
        f"experiment {report.experiment} in LangSmith {report.url}".rstrip()
        if report.experiment
        else "run locally, nothing uploaded",
    ]
    return ", ".join(facts) + f". {approvals(report)}."


def approvals(report: EvaluationReport) -> str:
    """Say how often a person was asked per case, without an attack and under one."""
    quiet, attacked = (report.approvals_per_case[name] for name in ("not_attacked", "attacked"))
    return f"Approvals per case: {per_case(quiet)}, under attack {per_case(attacked)}"


def per_case(asked: float | None) -> str:
    """Write a mean; a dash where there was no case."""
    return "-" if asked is None else f"{asked:.2f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _kind_row(kind: str, tally: Tally) -> list[str]:
    counts = (tally.cases, tally.passed, tally.failed, tally.errors)
    times = tally.latency
    latency = (times.median, times.p95, times.longest) if times else (None,) * 3
    asked = per_case(tally.approvals)
    return [kind, *map(str, counts), asked, money(tally.usd), *map(duration, latency)]


def _evaluator_row(name: str, tally: EvaluatorTally) -> list[str]:
    average = "-" if tally.mean is None else f"{tally.mean:.3f}"
    return [name, str(tally.graded), str(tally.passed), str(tally.errors), average]


def _case_row(case: CaseReport, names: Sequence[str]) -> list[str]:
    marks = [_score(case.marks.get(name)) for name in names]
    cost = money(case.usage.usd) if case.usage else "-"
    kind = f"{case.kind}, attacked" if case.attacked else case.kind
    asked = "-" if case.approvals is None else str(case.approvals)
    return [case.id, kind, case.verdict, case.status, asked, *marks, duration(case.seconds), cost]


def _score(mark: Mark | None) -> str:
    if mark is None:
        return "-"
    return "error" if mark.score is None else f"{mark.score:.2f}"


def _problems(cases: Sequence[CaseReport]) -> list[str]:
    """Say what is wrong with each case that did not pass."""
    found = [
        f"### {case.id}\n\n" + "\n".join(f"- {_cell(problem)}" for problem in problems(case))
        for case in cases
        if not case.passed
    ]
    return ["## What is wrong", *found] if found else []


def problems(case: CaseReport) -> list[str]:
    """Return what does not hold and what crashed, one line each."""
    missed = [
        f"{name}: {line}"
        for name, mark in case.marks.items()
        if not mark.passed and not mark.error
        for line in mark.comment.splitlines()
    ]
    return [*case.errors, *missed]


def money(usd: float | None) -> str:
    """Write US dollars, or that the price is not known."""
    return "unknown" if usd is None else f"${usd:.4f}"


def duration(value: float | None) -> str:
    """Write seconds."""
    return "-" if value is None else f"{value:.2f} s"
