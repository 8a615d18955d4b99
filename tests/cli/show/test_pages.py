"""Pages: every way in which a run can end has its words."""

from __future__ import annotations

from typing import get_args

import pytest

from pointsman.cli.show.output import Output
from pointsman.cli.show.pages import show_report
from pointsman.cli.turn.report import Report
from pointsman.state.answer import Answer, AnswerStatus
from pointsman.state.plan import Plan
from pointsman.state.usage import Usage


@pytest.mark.parametrize("status", get_args(AnswerStatus))
def test_every_answer_can_be_shown(
    status: AnswerStatus, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its text stands below a title of its own."""
    report = Report(
        status="done",
        thread="t",
        run=None,
        plan=Plan(),
        results={},
        answer=Answer(status=status, text="Which order is it about?"),
        usage=Usage(),
        stop=None,
        attempts=(),
    )

    show_report(Output(as_json=False), report)

    shown = capsys.readouterr().out
    title, text = shown.strip().splitlines()[:2]
    assert title
    assert text == "Which order is it about?"
