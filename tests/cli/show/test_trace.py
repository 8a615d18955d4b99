"""The trace page says what a person needs to know of a step."""

from __future__ import annotations

import pytest

from pointsman.cli.show.output import Output
from pointsman.cli.show.trace import TracePage
from pointsman.runs.cascade import ESCALATED
from pointsman.runs.trace import RunTrace, StepTrace, Trace
from pointsman.state.plan import Step
from pointsman.state.results import Attempt, StepResult, Verdict
from pointsman.state.run import Run
from pointsman.state.usage import Usage


def test_an_escalation_says_what_it_bought(capsys: pytest.CaptureFixture[str]) -> None:
    """From which model to which, for how much, and whether the result was accepted."""
    doubt = Verdict(action="fallback", reason="unsure", cause="not_good_enough")
    result = StepResult(
        step="judge",
        status="accepted",
        attempts=(
            Attempt(number=1, performed_by="small@loop", verdict=doubt),
            Attempt(
                number=2,
                performed_by="large@loop",
                why=f"{ESCALATED}: not good enough",
                verdict=Verdict(),
                usage=Usage(usd=0.02, model_calls=1),
            ),
        ),
    )
    step = StepTrace(step=Step(id="judge", kind="reason", prompt="Judge."), result=result)
    run = RunTrace(run=Run(id="r", started_at=0), steps=(step,))

    TracePage(Output(as_json=False)).show(Trace(thread="t", status="finished", runs=(run,)))

    said = capsys.readouterr().out
    assert "small@loop (unsure) → large@loop: $0.020000 bought an accepted result" in said
