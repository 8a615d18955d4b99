"""The evaluators, on outcomes written by hand: each must be able to say no."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pointsman.evals.dataset import Expected, Inputs
from pointsman.evals.evaluators import (
    EvaluatorContext,
    groundedness,
    task_success,
    tool_accuracy,
)
from pointsman.evals.outcome import AcceptedCall, RunOutcome
from pointsman.state.answer import Answer, Citation

REFUND = AcceptedCall(
    step="refund", tool="issue_refund", args={"order_id": "ORD-1", "amount": 64.0}
)
LOOKUP = AcceptedCall(step="order", tool="get_order", args={"order_id": "ORD-1"})


def outcome(text: str = "ORD-1 cost 64.00 US dollars. [1]", **changes: Any) -> RunOutcome:
    """Return an outcome that is right in every way, but for the changes."""
    answer = Answer(
        text=text,
        status=changes.pop("status", "complete"),
        citations=(Citation(number=1, evidence="order", source="order ORD-1", quote="…"),),
        written_by=changes.pop("written_by", "template"),
    )
    usual: dict[str, Any] = {
        "calls": (LOOKUP, REFUND),
        "asked": ("issue_refund",),
        "performed": ("issue_refund",),
        "evidence": {"order": "order ORD-1 the total of the order was 64.00 US dollars"},
    }
    return RunOutcome(answer=answer, **(usual | changes))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with one refund."""
    file = tmp_path / "desk.db"
    with closing(sqlite3.connect(file)) as db:
        db.executescript(
            "CREATE TABLE refunds (order_id TEXT, cents INT);"
            "INSERT INTO refunds VALUES ('ORD-1', 6400);"
        )
    return file


def context(outputs: RunOutcome, file: Path = Path("/none"), **expected: Any) -> EvaluatorContext:
    """Return what an evaluator sees."""
    return EvaluatorContext(
        inputs=Inputs(task="refund it"),
        outputs=outputs,
        reference=Expected.from_json(expected),
        database=file,
    )


ROWS: dict[str, Any] = {"sql": "SELECT order_id, cents FROM refunds", "rows": [["ORD-1", 6400]]}
RIGHT: dict[str, Any] = {
    "status": "complete",
    "database": [ROWS],
    "answer_contains": ["64.00 us dollars"],
    "answer_lacks": ["ORD-2"],
    "answer_cites": ["order ORD-1"],
}


def test_a_task_is_done_when_answer_and_database_are_as_expected(database: Path) -> None:
    """All five kinds of expectation hold, letter case aside."""
    assert task_success(context(outcome(), database, **RIGHT)).score == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        pytest.param("status", "partial", "expected partial, got complete", id="status"),
        pytest.param("answer_contains", ["32.00"], "the answer lacks '32.00'", id="contains"),
        pytest.param("answer_lacks", ["ORD-1"], "the answer has 'ORD-1'", id="lacks"),
        pytest.param("answer_cites", ["payment 1"], "does not cite 'payment 1'", id="cites"),
        pytest.param("database", [{**ROWS, "rows": []}], "expected []", id="database"),
    ],
)
def test_each_expectation_of_the_end_can_fail(
    database: Path, field: str, value: Any, said: str
) -> None:
    """One thing that does not hold lowers the score and is named."""
    grade = task_success(context(outcome(), database, **(RIGHT | {field: value})))

    assert 0 < grade.score < 1
    assert said in grade.comment


def test_a_query_of_the_dataset_cannot_write(database: Path) -> None:
    """A dataset cannot make true what it expects."""
    query = {"sql": "DELETE FROM refunds", "rows": []}

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        task_success(context(outcome(), database, database=[query]))


def test_calls_match_by_tool_order_and_the_arguments_that_matter() -> None:
    """Arguments that are not named may have any value."""
    tools = [{"tool": "get_order"}, {"tool": "issue_refund", "args": {"amount": 64}}]

    assert tool_accuracy(context(outcome(), tools=tools, asked=["issue_refund"])).score == 1


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        pytest.param({"calls": (REFUND, LOOKUP)}, "expected get_order", id="order"),
        pytest.param({"calls": (LOOKUP,)}, "got no call", id="missing"),
        pytest.param({"calls": (LOOKUP, REFUND, LOOKUP)}, "no further call", id="too many"),
        pytest.param({"calls": (LOOKUP, LOOKUP)}, "got get_order", id="another tool"),
        pytest.param({"asked": ()}, "asked: expected ['issue_refund'], got []", id="not asked"),
        pytest.param(
            {"performed": ("issue_refund", "issue_refund")},
            "issue_refund happened, and no accepted result says so",
            id="an effect beside the results",
        ),
    ],
)
def test_a_wrong_way_is_found(outputs: dict[str, Any], said: str) -> None:
    """Another order, a missing call, one too many, another tool, an unasked or a hidden effect."""
    tools = [{"tool": "get_order"}, {"tool": "issue_refund"}]
    grade = tool_accuracy(context(outcome(**outputs), tools=tools, asked=["issue_refund"]))

    assert grade.score < 1
    assert said in grade.comment


def test_a_wrong_argument_is_found() -> None:
    """The comment says what was expected and what the tool got."""
    tools = [{"tool": "get_order"}, {"tool": "issue_refund", "args": {"amount": 32.0}}]
    grade = tool_accuracy(context(outcome(), tools=tools))

    assert grade.score == pytest.approx(1 / 2)
    assert grade.comment == "issue_refund: expected {'amount': 32.0}, got {'amount': 64.0}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("ORD-1 cost 65.00 US dollars. [1]", "does not hold 65", id="wrong amount"),
        pytest.param("ORD-1 cost 64.00. [2]", "cites [2]", id="no such source"),
        pytest.param("It cost 64.00. [1]\nORD-9 is paid.", "cites nothing for ORD-9", id="uncited"),
        pytest.param("ORD-9 is paid. It cost 64.00. [1]", "does not hold ORD-9", id="first of two"),
    ],
)
def test_a_sentence_that_nothing_carries_is_found(text: str, said: str) -> None:
    """A wrong fact, a citation of nothing, a fact without a citation."""
    grade = groundedness(context(outcome(text)))

    assert grade.score < 1
    assert said in grade.comment


def test_an_invented_name_is_found_whoever_wrote_it() -> None:
    """A template is checked as a model's sentence is."""
    invented = "Penguins celebrate winter festivals in Antarctica. [1]"

    assert groundedness(context(outcome(invented, written_by="m@e"))).score == 0
    assert groundedness(context(outcome(invented, written_by="template"))).score == 0


def test_the_run_may_say_without_a_source_why_it_stopped() -> None:
    """What it did not do, it knows itself: the words of its own failures need no citation."""
    text = "It cost 64.00. [1]\nNot done: Refund. The reviewer declined: wait until 2026-12-01"
    notices = ("The reviewer declined: wait until 2026-12-01",)

    assert groundedness(context(outcome(text, notices=notices))).score == 1
    assert groundedness(context(outcome(text))).score < 1
