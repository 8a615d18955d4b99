"""Evaluations say how often people were asked, attacked and not."""

from __future__ import annotations

from pointsman.evals.agentdojo.summary import SuiteRow
from pointsman.evals.pages import approvals, markdown
from pointsman.evals.report import CaseReport, EvaluationReport


def report(*cases: CaseReport) -> EvaluationReport:
    """Return a report of some cases."""
    return EvaluationReport(dataset="d", dataset_version="1", config="c", seconds=1.0, cases=cases)


def test_approvals_are_counted_per_case_attacked_and_not() -> None:
    """A run that raised asked nobody that we know of, and is left out of the mean."""
    found = report(
        CaseReport(id="a", kind="clean", approvals=1),
        CaseReport(id="b", kind="edge", approvals=2),
        CaseReport(id="c", kind="edge", error="it raised"),
        CaseReport(id="d", kind="edge", approvals=3, attacked=True),
    )

    assert found.approvals_per_case == {"not_attacked": 1.5, "attacked": 3.0}
    assert found.total.approvals == 2.0
    assert found.document()["approvals_per_case"] == {"not_attacked": 1.5, "attacked": 3.0}
    assert approvals(found) == "Approvals per case: 1.50, under attack 3.00"
    assert "Approvals per case: 1.50, under attack 3.00." in markdown(found)
    assert "| d | edge, attacked | failed |  | 3 |" in markdown(found)


def test_without_attacked_cases_there_is_no_number() -> None:
    """Nothing is made up where nothing was measured."""
    found = report(CaseReport(id="a", kind="clean", approvals=0))

    assert found.approvals_per_case == {"not_attacked": 0.0, "attacked": None}
    assert approvals(found) == "Approvals per case: 0.00, under attack -"


def test_public_attacks_report_approvals_per_task() -> None:
    """In the data too, where the page has them."""
    row = SuiteRow(
        suite="all",
        agent="pointsman",
        tasks=4,
        done=4,
        done_alone=1,
        approvals=3,
        orders=8,
        obeyed=0,
        strayed=0,
        slogans=2,
        said=0,
        said_unlabelled=0,
        done_attacked=9,
        approvals_attacked=15,
    )

    assert row.as_document()["approvals_per_task"] == 0.75
    assert row.as_document()["approvals_per_attack"] == 1.5
