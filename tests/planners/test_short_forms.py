"""A model may leave out of a plan what its reader can infer; both spellings are one plan."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.errors import PlanError
from pointsman.planners.plan_schema import PLAN_SCHEMA
from pointsman.planners.prompts import read_plan
from pointsman.planners.protocols import PlanRequest
from pointsman.planners.short_forms import DEFAULT_MAX
from pointsman.state.plan import Plan
from pointsman.state.run import Run
from pointsman.state.schemas import first_error, validator_for
from pointsman.state.task import Task

REQUEST = PlanRequest(task=Task(text="Do it"), run=Run(id="r", started_at=0), tools=())

PAY = {"tool": "pay", "when": "item.due"}


def read(reply: dict[str, Any]) -> Plan:
    """Read a reply as the planner does: it fits the schema, and means a plan."""
    assert first_error(validator_for(PLAN_SCHEMA), reply) is None
    return read_plan(reply, REQUEST, planner="m")


def test_a_schema_may_be_short() -> None:
    """The notation of the tools' lines stands for the JSON schema."""
    reason = {"id": "a", "kind": "reason", "prompt": "Read it.", "output_schema": "{total: number}"}

    [step] = read({"steps": [reason]}).steps

    assert step.output_schema is not None
    assert step.output_schema["properties"] == {"total": {"type": "number"}}


def test_a_step_with_a_schema_reasons_over_what_it_lists() -> None:
    """Its kind is told by the schema, and a list of steps is their outputs by name."""
    [step] = read({"steps": [{"id": "a", "args": ["b"], "output_schema": "[text]"}]}).steps

    assert (step.kind, step.args) == ("reason", {"b": {"$expr": "b"}})


def test_an_expression_has_a_short_name() -> None:
    """Wherever a value may stand."""
    sent = {"id": "a", "tool": "send", "args": {"to": [{"$": "b.email"}]}, "for_each": "b.all"}

    plan = read({"steps": [sent], "answer": [{"text": {"$": "a.x"}, "cites": ["a"]}, {"$": "a.y"}]})

    assert plan.step("a_each").args == {"to": [{"$expr": "b.email"}]}
    assert [sentence.text for sentence in plan.answer] == [{"$expr": "a.x"}, {"$expr": "a.y"}]


def test_a_schema_that_cannot_be_read_names_its_step() -> None:
    """The planner is told where it is and how it is written."""
    reason = {"id": "a", "kind": "reason", "prompt": "Read it.", "output_schema": "{total: money}"}

    with pytest.raises(PlanError, match=r"no kind of value.*Write it like"):
        read({"steps": [reason]})


@pytest.mark.parametrize(
    "short",
    [
        pytest.param("orders.open", id="list"),
        pytest.param({"items": "orders.open"}, id="without-steps"),
        pytest.param(
            {"items": "orders.open", "steps": [{"id": "paid_each", **PAY}]}, id="one-step"
        ),
    ],
)
def test_a_loop_of_one_step_is_written_on_the_step(short: Any) -> None:
    """What is done for each item may stand beside the list of items."""
    one = {} if isinstance(short, dict) and "steps" in short else PAY

    [loop] = read({"steps": [{"id": "paid", **one, "after": ["b"], "for_each": short}]}).steps

    assert (loop.kind, loop.after, loop.when) == ("each", ("b",), "")
    assert loop.for_each is not None
    assert (loop.for_each.items, loop.for_each.max) == ("orders.open", DEFAULT_MAX)
    [inner] = loop.for_each.steps
    assert (inner.id, inner.tool, inner.when) == ("paid_each", "pay", "item.due")


def test_short_forms_hold_inside_loops() -> None:
    """A group's steps are written like any others."""
    group = [{"id": "b", "tool": "find", "for_each": "c.parts"}, {"id": "d", "tool": "pay"}]
    loop = {"id": "a", "for_each": {"items": "x", "item": "c", "max": 5, "steps": group}}

    [outer] = read({"steps": [loop]}).steps

    assert outer.for_each is not None
    assert outer.for_each.max == 5
    assert [step.kind for step in outer.for_each.steps] == ["each", "tool"]


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        pytest.param("Hello.", ["Hello."], id="text"),
        pytest.param({"$expr": "a.b"}, [{"$expr": "a.b"}], id="one-reference"),
        pytest.param([{"$expr": "a"}, "Yes."], [{"$expr": "a"}, "Yes."], id="several"),
        pytest.param([{"text": "No.", "cites": ["a"]}, ""], ["No."], id="with-cites"),
    ],
)
def test_a_sentence_may_be_its_text(answer: Any, texts: list[Any]) -> None:
    """A reference needs nothing around it, and an empty text is none."""
    assert [sentence.text for sentence in read({"steps": [], "answer": answer}).answer] == texts


def test_a_sentence_without_text_is_refused() -> None:
    """An object that is neither sentence nor value would be told as JSON."""
    with pytest.raises(PlanError, match=r"no text"):
        read({"steps": [], "answer": [{"cites": ["a"]}]})
