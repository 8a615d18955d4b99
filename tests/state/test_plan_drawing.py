"""A plan is drawn with its conditions, items and looks, and nothing in it can be more than text."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from pointsman.state.plan import ForEach, Plan, Step
from pointsman.state.plan_drawing import drawn
from pointsman.state.results import StepResult

FOUND = Step(id="found", kind="tool", tool="find_orders")
PAID = Step(
    id="paid", kind="tool", tool="pay", args={"to": {"$from": "found"}}, when="found.total > 100"
)
SENT = Step(
    id="sent",
    kind="each",
    for_each=ForEach(
        items="found.orders",
        item="o",
        steps=(Step(id="mailed", kind="tool", tool="mail", args={"to": {"$expr": "o.email"}}),),
    ),
)
LINE = re.compile(
    r"flowchart TD"
    r'|\w+\["[^"<>\[\]{}|]*(?:<br/>[^"<>\[\]{}|]*)*"\]'
    r'|\w+\{"[^"<>\[\]{}|]*"\}|\w+\{\{"[^"<>\[\]{}|]*"\}\}'
    r'|subgraph \w+\["[^"<>\[\]{}|]*(?:<br/>[^"<>\[\]{}|]*)*"\]|end'
    r'|\w+ (?:-->|-\.->)(?:\|"[^"<>\[\]{}|]*"\|)? \w+'
)
"""The lines of Mermaid that a drawing is made of."""


def result(step: str, status: str = "accepted", **fields: object) -> StepResult:
    """A result of that step."""
    return StepResult.model_validate({"step": step, "status": status, **fields})


def lines(plan: Plan, *results: StepResult) -> list[str]:
    """The lines of a drawing, without their indent."""
    return [line.strip() for line in drawn(plan, {r.step: r for r in results}).splitlines()]


def test_a_step_stands_after_what_it_needs() -> None:
    """An arrow leads from each step to what reads it."""
    assert lines(Plan(steps=(FOUND, SENT))) == [
        "flowchart TD",
        'step_found["found: find_orders"]',
        'subgraph step_sent["sent: for each o in found.orders"]',
        'step_mailed["mailed: mail"]',
        "end",
        "step_found --> step_sent",
    ]


def test_a_condition_says_what_it_came_to() -> None:
    """The reason stands at the way to the step."""
    reason = "found.total > 100 is false"
    skipped = result("paid", "skipped", reason=reason)

    told = lines(Plan(steps=(FOUND, PAID)), result("found"), skipped)

    assert 'when_paid{"when found.total #62; 100"}' in told
    assert 'when_paid -->|"no: found.total #62; 100 is false"| step_paid' in told
    assert "step_found --> when_paid" in told
    assert 'step_paid["paid: pay<br/>skipped"]' in told


def test_a_condition_that_nobody_has_asked_says_nothing() -> None:
    """The way is there, and nothing stands at it."""
    assert "when_paid --> step_paid" in lines(Plan(steps=(FOUND, PAID)))


def test_items_of_a_loop_are_named() -> None:
    """With what became of each, the first few one by one."""
    items = [result(f"mailed[{key}]", "failed" if key == "bob" else "accepted") for key in NAMES]

    told = lines(Plan(steps=(FOUND, SENT)), result("found"), *items)

    assert (
        'step_mailed["mailed: mail, 7 accepted, 1 failed<br/>ann: accepted<br/>bob: failed'
        "<br/>cid: accepted<br/>dan: accepted<br/>eva: accepted<br/>fay: accepted"
        '<br/>and more"]'
    ) in told


def test_items_without_a_key_are_numbered() -> None:
    """A digest says nothing to a person."""
    told = lines(Plan(steps=(FOUND, SENT)), result("mailed[#1b0e]"), result("mailed[#cec7]"))

    assert (
        'step_mailed["mailed: mail, 2 accepted<br/>item 1: accepted<br/>item 2: accepted"]' in told
    )


NAMES = ["ann", "bob", "cid", "dan", "eva", "fay", "gus", "hal"]


def test_looks_and_further_plans_stand_between_their_steps() -> None:
    """A look by its question, a plan after failures by its number."""
    later = Step(id="later", kind="tool", tool="pay", args={"to": {"$from": "found"}})
    again = Step(id="again", kind="reason", prompt="Why?")
    plan = Plan(steps=(FOUND, later, again), version=3, looks=("which one", ""))

    told = lines(plan, result("found"), result("later", "failed", plan_version=2))

    assert 'plan_2{{"look: which one"}}' in told
    assert 'plan_3{{"plan 3"}}' in told
    assert {"step_found --> plan_2", "plan_2 -.-> step_later", "plan_3 -.-> step_again"} <= {*told}


@given(st.text(), st.text(), st.lists(st.text(), max_size=3), st.text())
def test_nothing_that_is_drawn_is_more_than_text(
    condition: str, reason: str, keys: list[str], asked: str
) -> None:
    """An outsider writes keys, and a condition may repeat an outsider."""
    steps = (FOUND, PAID.model_copy(update={"when": f"found.name == {condition!r}"}), SENT)
    plan = Plan(steps=steps, version=2, looks=(asked,))
    items = {f"mailed[{key.translate(BRACKETS)}]": result("mailed") for key in keys}
    ended = {"found": result("found"), "paid": result("paid", "skipped", reason=reason)}

    told = drawn(plan, {**ended, **items})

    assert all(LINE.fullmatch(line.strip(" ")) for line in told.split("\n")), told


BRACKETS = dict.fromkeys(map(ord, "[]"))
