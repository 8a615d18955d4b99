"""A doubt inside a loop's item is told and stays answerable, whatever the next plan leaves out."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman import tool
from pointsman.errors import ToolError

DOUBT = "It is not known whether this happened: Wire (ann)."


def loop(name: str, *steps: Any, items: str = "['ann', 'bob']", item: str = "who") -> Any:
    """Write a loop over who is to be paid."""
    each = {"items": items, "item": item, "key": item, "max": 5, "steps": list(steps)}
    return {"id": name, "kind": "each", "for_each": each}


def wire(w: Any, step: str = "w") -> Any:
    """Write the step that ends in doubt."""
    return {"id": step, "kind": "tool", "tool": "wire", "args": {"to": w.ref("who"), "amount": 1.0}}


def failing(w: Any) -> Any:
    """Write a step that fails for bob alone, after he was paid."""
    args = {"to": w.ref("who")}
    return {"id": "check", "kind": "tool", "tool": "check", "args": args, "after": ["w"]}


@tool(effect="read", trust="internal")
async def check(to: str) -> dict[str, Any]:
    """Check somebody."""
    if to == "bob":
        raise ToolError("Bob is not known.")
    return {"ok": True}


async def left_open(desk: Any, w: Any, first: Any, again: Any) -> Any:
    """Let ann's wire end in doubt and leave it so; return what the run then comes to."""
    agent = desk.agent(first, again, again, tools=[check])
    out = await desk.ask(agent, "Wire 1 to each and pay bob 2")
    desk.lost.append("after")
    out = await desk.resume(agent, *(w.APPROVE for _ in w.requests(out)))
    [doubt] = w.requests(out)
    assert doubt["args"]["to"] == "ann"
    out = await desk.resume(agent, {"type": "reject", "message": "Leave it."})
    assert not w.requests(out)
    return agent, out, doubt["id"]


def plans(w: Any, *, fails: bool) -> tuple[Any, Any]:
    """Write a plan whose loop ends in a doubt, and with `fails` in a failure beside it."""
    steps = [wire(w), failing(w)] if fails else [wire(w)]
    each = loop("all", *steps)
    wrong = w.step("wrong", "look", item=w.ref("pay", "amount"))
    return each, w.plan(each, w.step("pay", "pay", to="bob", amount=2.0), wrong)


@pytest.mark.parametrize("fails", [False, True], ids=["only doubts", "failures too"])
@pytest.mark.parametrize("next_plan", ["drops", "repeats", "takes its id", "takes its step's id"])
async def test_a_doubt_left_open_outlives_a_plan_that_drops_its_loop(
    desk: Any, w: Any, next_plan: str, fails: bool
) -> None:
    """It stands in answer and report under its item's name, and the call is not made again."""
    each, first = plans(w, fails=fails)
    look = w.step("l", "look", item="1")
    again = {
        "drops": [look],
        "repeats": [each, look],
        "takes its id": [{**look, "id": "all"}],
        "takes its step's id": [loop("other", {**look, "id": "w"})],
    }[next_plan]

    _, out, _ = await left_open(desk, w, first, w.plan(*again))

    text, report = out["answer"]["text"], str(out["answer"]["report"])
    assert DOUBT in text, text
    assert text.count("not known whether") == 1
    assert "Leave it." in text
    assert "Not known whether it was done: w[ann]." in report
    assert ("Bob is not known." in text) is fails
    assert "From wire" in text  # bob was paid, and hears so
    assert len(desk.called("wire")) == 2


async def test_a_doubt_in_a_loop_within_a_loop_is_told_by_both_items(desk: Any, w: Any) -> None:
    """And a loop of which only that is open has not failed."""
    inner = loop("inner", wire(w))
    first = w.plan(loop("outer", inner, items="['x', 'y']", item="round"))
    agent = desk.agent(first)
    out = await desk.ask(agent, "Wire 1 to each, twice")
    desk.lost.append("after")
    out = await desk.resume(agent, *(w.APPROVE for _ in w.requests(out)))
    while requests := w.requests(out):
        said = [{"type": "reject", "message": "Leave it."} for _ in requests]
        out = await desk.resume(agent, *said)

    text = out["answer"]["text"]
    assert "It is not known whether this happened: Wire (x, ann)." in text, text
    assert "did not work" not in text
