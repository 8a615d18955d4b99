"""The runner: real cases through the real graph, each in a folder of its own."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pointsman.errors import ConfigError, NotFoundError
from pointsman.evals.dataset import SUPPORT_DESK, Dataset, load_dataset
from pointsman.evals.evaluators import EVALUATORS, EvaluatorContext, Grade
from pointsman.evals.experiment import Experiment, run_experiment
from pointsman.evals.report import CaseReport, EvaluationReport
from pointsman.evals.tracking import KEY

DESK = Path(SUPPORT_DESK).parents[2] / "examples" / "support_desk"

STATUS: dict[str, Any] = {
    "id": "status",
    "kind": "clean",
    "task": "Where is order ORD-1003?",
    "expected": {"status": "complete"},
}
REFUND: dict[str, Any] = {
    "id": "refund",
    "kind": "edge",
    "task": "My order ORD-1001 arrived damaged, I want a refund.",
    "expected": {
        "status": "complete",
        "database": [{"sql": "SELECT count(*) FROM outbox", "rows": [[1]]}],
    },
}


def experiment(*cases: dict[str, Any], **changes: Any) -> Experiment:
    """Return an experiment on the desk."""
    dataset = Dataset.from_json({"name": "test", "cases": list(cases)})
    return Experiment(**{"config": DESK, "dataset": dataset, **changes})


async def test_the_whole_dataset_passes(own_home: Path) -> None:
    """Every case of the support desk ends as it must, and the user's own home is not touched."""
    dataset = load_dataset(SUPPORT_DESK)

    report = await run_experiment(Experiment(config=DESK, dataset=dataset))

    wrong = {case.id: case.model_dump() for case in report.cases if not case.passed}
    assert wrong == {}
    assert len(report.cases) == len(dataset.cases) >= 20
    assert set(report.by_kind) == {"clean", "edge", "failure"}
    assert not own_home.exists()


async def test_a_wrong_expectation_fails_its_case_alone() -> None:
    """The score falls, the report says by what, and the other case passes."""
    wrong = {**STATUS, "id": "wrong", "expected": {"status": "partial", "tools": []}}

    report = await run_experiment(experiment(STATUS, wrong))

    right, failed = report.cases
    assert (right.verdict, failed.verdict) == ("passed", "failed")
    assert failed.marks["task_success"].comment == "status: expected partial, got complete"
    assert "expected no further call, got get_order" in failed.marks["tool_accuracy"].comment
    assert not report.passed
    assert (report.total.passed, report.total.failed, report.total.errors) == (1, 1, 0)


async def test_a_crashed_evaluator_is_an_error_and_no_score() -> None:
    """It does not count in the mean, the other evaluators still do, and nothing passes."""

    def broken(context: EvaluatorContext) -> Grade:
        raise ZeroDivisionError("no such luck")

    report = await run_experiment(
        experiment(STATUS, evaluators={**EVALUATORS, "broken": broken}),
    )

    [case] = report.cases
    assert case.verdict == "error"
    assert case.errors == ["broken: ZeroDivisionError('no such luck')"]
    assert report.by_evaluator["broken"].mean is None
    assert report.by_evaluator["task_success"].mean == 1
    assert not report.passed


async def test_a_crashed_run_is_an_error_and_has_no_scores() -> None:
    """An edit that the tool's schema refuses is a fault of the case; its neighbour passes."""
    crash = {**REFUND, "approvals": {"issue_refund": {"type": "edit", "args": {"amount": "x"}}}}

    report = await run_experiment(experiment(crash, STATUS))

    crashed, right = report.cases
    assert crashed.verdict == "error"
    assert "A decision of the case was refused" in crashed.error
    assert crashed.marks == {}
    assert right.passed


async def test_a_case_that_takes_too_long_is_an_error() -> None:
    """It is given up after its time."""
    report = await run_experiment(experiment(STATUS, case_seconds=0.001))

    assert [case.verdict for case in report.cases] == ["error"]


async def test_cases_side_by_side_do_not_meet() -> None:
    """Three refunds of one order, each with its own database: each finds its own reply alone."""
    cases = [{**REFUND, "id": f"refund-{n}"} for n in range(3)]

    report = await run_experiment(experiment(*cases, at_once=3))

    assert [(case.verdict, case.error) for case in report.cases] == [("passed", "")] * 3


async def test_progress_is_told_case_by_case() -> None:
    """Each case is told once, as it ends, and the report keeps the dataset's order."""
    told: list[CaseReport] = []

    report = await run_experiment(experiment(REFUND, STATUS), on_case=told.append)

    assert {case.id for case in told} == {"refund", "status"}
    assert [case.id for case in report.cases] == ["refund", "status"]


async def test_without_a_key_nothing_is_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    """No socket is opened, not even with LangSmith's tracing switched on."""
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv(KEY, "")
    connected: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: connected.append(address))

    report = await run_experiment(experiment(STATUS))

    assert report.passed
    assert connected == []


async def test_a_cancelled_experiment_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled in the middle of a case, it ends what runs and removes its folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    begun = asyncio.Event()
    cases = [{**REFUND, "id": f"refund-{n}"} for n in range(6)]
    before = asyncio.all_tasks()
    work = asyncio.create_task(
        run_experiment(experiment(*cases, at_once=2), on_case=lambda _: begun.set())
    )

    await asyncio.wait_for(begun.wait(), 60)
    work.cancel()
    await asyncio.wait([work], timeout=60)

    assert work.cancelled()
    assert list(tmp_path.glob("pointsman-eval-*")) == []
    left = asyncio.all_tasks() - before - {work}
    # LangSmith's own tasks around the cases end one turn of the loop or thread later.
    pending = (await asyncio.wait(left, timeout=10))[1] if left else set()
    assert pending == set()


async def test_a_cancelled_experiment_waits_for_what_is_graded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An evaluator in a thread keeps the folder that it reads until it is done."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    begun, let_go, kept = threading.Event(), threading.Event(), list[bool]()

    def slow(context: EvaluatorContext) -> Grade:
        begun.set()
        let_go.wait(30)
        kept.append(context.database.parent.exists())
        return Grade(score=1.0)

    work = asyncio.create_task(
        run_experiment(replace(experiment(REFUND), evaluators={"slow": slow}))
    )
    assert await asyncio.to_thread(begun.wait, 60)
    work.cancel()
    await asyncio.wait([work], timeout=0.3)
    let_go.set()
    await asyncio.wait([work], timeout=60)

    assert work.cancelled()
    assert kept == [True]
    assert list(tmp_path.glob("pointsman-eval-*")) == []


def test_no_case_makes_no_passing_report() -> None:
    """A case without marks has not passed."""
    case = CaseReport(id="a", kind="clean")
    report = EvaluationReport(
        dataset="d", dataset_version="v", config="c", seconds=0.0, cases=(case,)
    )

    assert not report.passed


@pytest.mark.parametrize(
    ("content", "named"),
    [
        pytest.param("- a", "cases", id="a list"),
        pytest.param("cases: []", "cases", id="no cases"),
        pytest.param("cases: [{id: a, kind: odd, task: t, expected: {}}]", "kind", id="kind"),
        pytest.param("cases: [{id: ../a, kind: edge, task: t, expected: {}}]", "id", id="path"),
        pytest.param(
            "cases: [{id: a, kind: edge, task: t, expected: {tool: []}}]", "expected.tool", id="key"
        ),
        pytest.param(
            "cases: [{id: a, kind: edge, task: t, approvals: {x: {type: ok}}, expected: {}}]",
            "approvals.x.type",
            id="decision",
        ),
        pytest.param(
            "cases: [{id: a, kind: edge, task: t, expected: {}}, "
            "{id: a, kind: edge, task: t, expected: {}}]",
            "id a",
            id="twice",
        ),
        pytest.param("cases: [", "YAML", id="not YAML"),
    ],
)
def test_a_bad_dataset_names_its_fault(tmp_path: Path, content: str, named: str) -> None:
    """The error names the file and the field."""
    file = tmp_path / "cases.yaml"
    file.write_text(content)

    with pytest.raises(ConfigError, match=named) as error:
        load_dataset(file)

    assert error.value.where == str(file)


def test_an_unknown_case_is_named() -> None:
    """Choosing a case that is not there does not run the others."""
    with pytest.raises(NotFoundError, match="no case nope"):
        experiment(STATUS, cases=("status", "nope")).chosen  # noqa: B018
