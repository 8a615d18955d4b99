"""The check alone: what cannot work is refused, and what a model writes passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pointsman import open_store
from pointsman.errors import PlanError
from pointsman.models.calling.structured import schema_problem
from pointsman.planners.plan_schema import PLAN_SCHEMA
from pointsman.planners.prompts import read_plan
from pointsman.planners.protocols import PlanRequest
from pointsman.planners.validation import validate
from pointsman.state.run import Run
from pointsman.state.task import Task
from pointsman.tools.runner import Runner

from .office import TOOLS

DATA = Path(__file__).parent / "data"
BAD: dict[str, Any] = yaml.safe_load((DATA / "bad_office_plans.yaml").read_text())
GOOD: dict[str, Any] = yaml.safe_load((DATA / "good_office_plans.yaml").read_text())
NATURAL: dict[str, Any] = yaml.safe_load((DATA / "natural_lines.yaml").read_text())
REQUEST = PlanRequest(
    task=Task(text="Do it."),
    run=Run(id="r", started_at=1_772_000_000),
    tools=[tool.contract for tool in TOOLS],
)


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """The registry, over a store that nothing is written to."""
    store = open_store(tmp_path_factory.mktemp("office") / "o.db")
    return Runner({tool.name: tool for tool in TOOLS}, store)


def checked(reply: dict[str, Any], tools: Runner) -> tuple[str, str]:
    """Return what a planner is told of its reply, and what would mend it; blank if it may run."""
    if problem := schema_problem(reply, PLAN_SCHEMA):
        return problem, problem
    try:
        validate(read_plan(reply, REQUEST, planner="m"), REQUEST, tools)
    except PlanError as error:
        return str(error), error.fix
    return "", ""


@pytest.mark.parametrize("plan", BAD.values(), ids=BAD)
def test_a_plan_that_cannot_work_is_refused(plan: Any, tools: Runner) -> None:
    """The error names step and field, and says what is wrong there."""
    reply = {key: value for key, value in plan.items() if key not in ("where", "says")}

    told, mends = checked(reply, tools)

    assert told.startswith(plan["where"])
    assert plan["says"] in told
    # What quotes the part and the kinds that do not go together has said it all.
    assert mends or "`" in told


@pytest.mark.parametrize("plan", GOOD.values(), ids=GOOD)
def test_a_plan_that_a_model_writes_passes(plan: Any, tools: Runner) -> None:
    """No reply more is asked for."""
    assert checked(plan, tools) == ("", "")


@pytest.mark.parametrize("lines", NATURAL["read"].values(), ids=NATURAL["read"])
def test_lines_are_read_as_models_write_them(lines: list[str], tools: Runner) -> None:
    """Named values, calls in calls, branches of one name: nothing of it is taught."""
    assert checked({"steps": lines}, tools) == ("", "")


@pytest.mark.parametrize("plan", NATURAL["refused"].values(), ids=NATURAL["refused"])
def test_what_a_line_cannot_say_has_another_form(plan: Any, tools: Runner) -> None:
    """The error says which."""
    told, _ = checked({"steps": plan["steps"]}, tools)

    assert plan["says"] in told
