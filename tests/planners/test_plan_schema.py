"""The schema that models are given has the whole plan language, and stays small."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from pointsman.errors import PlanError
from pointsman.models.calling.structured import schema_problem
from pointsman.planners.plan_schema import PLAN_SCHEMA
from pointsman.planners.prompts import read_plan
from pointsman.planners.protocols import PlanRequest
from pointsman.state.plan import AnswerSentence, Check, ForEach, Step, StepKind
from pointsman.state.run import Run
from pointsman.state.task import Task
from pointsman.state.values import Json, JsonObject, canonical_json

REQUEST = PlanRequest(task=Task(text="Do it"), run=Run(id="r", started_at=0), tools=())
STEP: JsonObject = PLAN_SCHEMA["$defs"]["step"]

PAY: JsonObject = {
    "id": "pay",
    "goal": "Pay it",
    "tool": "pay",
    "args": {"order": {"$from": "order", "path": "id"}},
    "after": ["found"],
    "when": "order.total > 1",
    "on_error": {"use": None},
    "checks": [{"path": "ok", "op": "eq", "value": True, "message": "It is not ok."}],
    "risk": "high",
    "task_type": "general",
    "timeout": 2.5,
    "max_tokens": 100,
    "optional": True,
}
LOOP: JsonObject = {
    "id": "paid",
    "for_each": {
        "items": "found.orders",
        "item": "order",
        "key": "order.id",
        "max": 20,
        "concurrency": 2,
        "steps": [PAY],
        "output": {"id": {"$from": "order", "path": "id"}},
    },
}
WORKED_OUT: JsonObject = {"id": "sum", "kind": "reason", "prompt": "?", "output_schema": {}}


@pytest.mark.parametrize(
    ("part", "model"),
    [
        pytest.param(STEP, Step, id="step"),
        pytest.param(STEP["properties"]["for_each"], ForEach, id="for_each"),
        pytest.param(STEP["properties"]["checks"]["items"], Check, id="check"),
        pytest.param(PLAN_SCHEMA["properties"]["answer"]["items"], AnswerSentence, id="sentence"),
    ],
)
def test_it_has_every_field(part: Any, model: Any) -> None:
    """So every row of the routing table and every rule of a playbook is within a model's reach."""
    assert part["properties"].keys() - {"$", "$expr"} == model.model_fields.keys()


def test_it_has_every_choice() -> None:
    """Kinds, operators and risks are those of the language."""
    properties = STEP["properties"]
    checks = properties["checks"]["items"]["properties"]
    assert set(properties["kind"]["enum"]) == set(get_args(StepKind))
    assert set(checks["op"]["enum"]) == set(get_args(Check.model_fields["op"].annotation))
    assert set(properties["risk"]["enum"]) == set(get_args(Step.model_fields["risk"].annotation))


def test_it_is_small() -> None:
    """Of these characters, each planner's prompt has every one."""
    assert len(canonical_json(PLAN_SCHEMA)) < 2_100


def test_a_plan_with_every_field_is_read() -> None:
    """What fits the schema is a plan, and a step that calls or loops needs no kind."""
    reply: JsonObject = {"steps": [{"id": "found", "tool": "find"}, LOOP, WORKED_OUT]}
    assert schema_problem(reply, PLAN_SCHEMA) == ""

    plan = read_plan(reply, REQUEST, planner="m")
    assert [step.kind for step in plan.every_step()] == ["tool", "each", "tool", "reason"]
    pay = plan.step("pay")
    assert {name for name in Step.model_fields if getattr(pay, name)} >= PAY.keys()


def test_a_kind_that_nothing_tells_is_asked_for() -> None:
    """A prompt may be for a model or for a person."""
    with pytest.raises(PlanError, match=r"a\.kind"):
        read_plan({"steps": [{"id": "a", "prompt": "?"}]}, REQUEST, planner="m")


def put(value: Json, at: tuple[str | int, ...], new: Json) -> Json:
    """Return a copy of a value with another one at a path."""
    if not at:
        return new
    first, *rest = at
    if isinstance(value, list):
        return [put(v, tuple(rest), new) if i == first else v for i, v in enumerate(value)]
    return {**value, first: put(value.get(first), tuple(rest), new)}


IN_LOOP = ("steps", 0, "for_each")
IN_PAY = (*IN_LOOP, "steps", 0)


@pytest.mark.parametrize(
    ("at", "value", "names"),
    [
        ((*IN_LOOP, "items"), ["a"], "steps.paid.for_each.items"),
        ((*IN_LOOP, "max"), "many", "steps.paid.for_each.max"),
        ((*IN_LOOP, "limit"), 3, "steps.paid.for_each"),
        ((*IN_PAY, "kind"), "loop", "steps.paid.for_each.steps.pay.kind"),
        ((*IN_PAY, "args"), "x", "steps.paid.for_each.steps.pay.args"),
        ((*IN_PAY, "chekcs"), [], "steps.paid.for_each.steps.pay"),
        ((*IN_PAY, "checks"), [{"path": "a", "op": "is", "message": ""}], "checks.0.op"),
        ((*IN_PAY, "risk"), "huge", "steps.paid.for_each.steps.pay.risk"),
        ((*IN_PAY, "for_each"), {"max": 1}, "steps.paid.for_each.steps.pay.for_each"),
        ((*IN_PAY, "timeout"), "soon", "steps.paid.for_each.steps.pay.timeout"),
    ],
    ids=lambda at: str(at[-1]) if isinstance(at, tuple) else "",
)
def test_a_wrong_field_is_named_by_its_place(at: Any, value: Any, names: str) -> None:
    """However deep in loops it stands, so that a model can mend it."""
    assert names in schema_problem(put({"steps": [LOOP]}, at, value), PLAN_SCHEMA)
