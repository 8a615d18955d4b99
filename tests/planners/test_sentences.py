"""An answer may be a text with values in braces, and what was done tells itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import PlanError
from pointsman.models.calling.structured import schema_problem
from pointsman.planners.plan_schema import PLAN_SCHEMA
from pointsman.planners.prompts import read_plan
from pointsman.planners.protocols import PlanRequest
from pointsman.state.expressions.evaluation import evaluate
from pointsman.state.plan import Plan
from pointsman.state.run import Run
from pointsman.state.task import Task

REQUEST = PlanRequest(task=Task(text="Do it"), run=Run(id="r", started_at=0), tools=())
STEPS = "hour = 16\nfound = find(at=hour)\nnames = [o.name for o in found.orders]"
FOUND = {"found": {"total": 5, "orders": [{"name": "Ann"}, {"name": "Bob"}]}}


def read(answer: Any, steps: Any = STEPS) -> Plan:
    """Read a reply as the planner does: it fits the schema, and means a plan."""
    reply = {"steps": steps, "answer": answer}
    assert schema_problem(reply, PLAN_SCHEMA) == ""
    return read_plan(reply, REQUEST, planner="m")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("At {hour}:00 it costs {found.total}.", "At 16:00 it costs 5."),
        ("It's \"{', '.join(names)}\".", 'It\'s "Ann, Bob".'),
        ("{'a' if found.total > 1 else \"b\"} {', '.join(names)}", "a Ann, Bob"),
        ("In C:\\temp: {found.total:.2f}\nDone.", "In C:\\temp: 5.00\nDone."),
        ("{{x}} {found.total}", "{x} 5"),
        ("{'}'.join(names)}", "Ann}Bob"),
        ("f'It costs {found.total}.'", "It costs 5."),
    ],
)
def test_values_stand_in_braces(text: str, told: str) -> None:
    """Words around them mean themselves, whatever quotes and backslashes they hold."""
    for answer in (text, [text], {"text": text}):
        [sentence] = read(answer).answer
        assert isinstance(sentence.text, dict)
        assert evaluate(sentence.text["$expr"], FOUND) == told


@given(before=st.text(), after=st.text())
def test_words_around_a_value_stay_as_they_are(before: str, after: str) -> None:
    """None of them is read as a part of the language."""
    words = str.maketrans("{}\r", "()\n", "\x00")
    before, after = f".{before.translate(words)}", after.translate(words)

    [sentence] = read(json.loads(json.dumps(f"{before}{{found.total}}{after}"))).answer

    assert isinstance(sentence.text, dict)
    assert evaluate(sentence.text["$expr"], FOUND) == f"{before}5{after}"


@pytest.mark.parametrize("text", ['Send {"a": 1}.', "Set {1, 2}.", "No braces.", "A { alone."])
def test_braces_that_read_nothing_are_words(text: str) -> None:
    """An answer may show JSON or a set."""
    assert [sentence.text for sentence in read(text).answer] == [text]


def test_braces_of_a_reply_are_words() -> None:
    """Nothing can be read where there are no steps."""
    assert [s.text for s in read("In Python, write f(x) as {x}.", steps=[]).answer] == [
        "In Python, write f(x) as {x}."
    ]


@pytest.mark.parametrize("text", ["It costs {found.total.", "It costs {found.total +}."])
def test_a_value_that_cannot_be_read_is_refused(text: str) -> None:
    """A user would else read the expression itself."""
    with pytest.raises(PlanError, match="cannot be read"):
        read(text)


@pytest.mark.parametrize(
    ("reply", "only"),
    [
        ({"steps": "pay(order=1)", "answer": ""}, True),
        ({"steps": "pay(order=1)"}, False),
        ({"steps": "pay(order=1)", "answer": []}, False),
        ({"steps": "pay(order=1)", "answer": "Paid."}, False),
        ({"steps": [], "answer": ""}, False),
    ],
    ids=["empty", "absent", "no-list", "said", "no-steps"],
)
def test_an_empty_answer_leaves_the_telling_to_what_was_done(reply: Any, only: bool) -> None:
    """It is no answer that was left out, which is written from the results."""
    assert read_plan(reply, REQUEST, planner="m").only_deeds is only


def test_steps_may_be_one_text() -> None:
    """Branches and loops over several lines are read as they are in a list."""
    text = "found = find(to='a\nb')\nif found.open:\n    pay(order=1)\nelse:\n    mail(to='x')"

    plan = read("", steps=text)

    assert [(step.id, step.when) for step in plan.steps] == [
        ("found", ""),
        ("pay", "found.open"),
        ("mail", "not (found.open)"),
    ]
    assert plan.steps[0].args == {"to": "a\nb"}


def test_a_line_that_cannot_be_read_is_named() -> None:
    """Of all lines that one, with what Python's parser says."""
    with pytest.raises(PlanError, match=r"b = g\(y='q.*unterminated") as refused:
        read("", steps="a = f(x=1)\nb = g(y='q)\nc = h()")
    assert "f(x=1)" not in str(refused.value)
