"""Whole numbers beyond 64 bits, which no checkpoint holds: nothing is lost for them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from pointsman.errors import ArgumentError
from pointsman.models.calling.json_values import NoJsonInReplyError, strict_json
from pointsman.state.references import resolve
from pointsman.state.values import carried
from pointsman.tools import ToolContract, tool
from pointsman.tools.arguments import Arguments
from pointsman.tools.output import read_output

LONG = 10**20
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
CONTRACT = ToolContract(name="look", description="Looks.", args_schema={"type": "object"})


@tool(effect="money", trust="internal")
async def move(wei: int) -> dict[str, Any]:
    """Move money."""
    return {"moved": wei, "left": [LONG, -LONG]}


async def test_what_was_paid_is_done_whatever_number_comes_back(desk: Any, w: Any) -> None:
    """The number is kept as its digits; the thread goes on."""
    agent = desk.agent(w.plan(w.step("s1", "move", wei=3)), tools=[move])
    await desk.ask(agent, "move 3")
    out = await desk.resume(agent, w.APPROVE)
    assert out["results"]["s1"]["output"] == {"moved": 3, "left": [str(LONG), str(-LONG)]}
    assert out["answer"]["status"] == "complete"


async def test_a_plan_with_such_a_number_is_asked_for_again(desk: Any, w: Any) -> None:
    """The planner reads why; no thread ends by it."""
    plans = [w.plan(w.step("s1", "move", wei=wei)) for wei in (LONG, 5)]
    agent = desk.agent(*plans, tools=[move])
    [asked] = w.requests(await desk.ask(agent, "move it"))
    assert asked["args"] == {"wei": 5}


async def test_a_number_that_was_read_fits_no_argument_in_silence(desk: Any, w: Any) -> None:
    """As digits it is text, which the tool refuses before anybody is asked."""
    steps = (w.step("s1", "move", wei=3), w.step("s2", "move", wei=w.ref("s1", "left.0")))
    agent = desk.agent(w.plan(*steps), tools=[move])
    await desk.ask(agent, "move twice")
    out = await desk.resume(agent, w.APPROVE)
    assert not w.requests(out)
    assert out["results"]["s2"]["status"] == "failed"


@given(JSON)
async def test_every_output_can_be_stored(value: Any) -> None:
    """Whatever JSON a tool returns, a checkpoint holds it, and gives it back."""
    output = await read_output(CONTRACT, value, None)
    serializer = JsonPlusSerializer()
    assert serializer.loads_typed(serializer.dumps_typed(output)) == output


@given(st.integers(-(2**70), 2**70))
def test_only_what_does_not_fit_is_told_in_digits(number: int) -> None:
    """From the least of 64 bits with a sign to the greatest without one."""
    fits = -(2**63) <= number < 2**64
    assert carried({"a": [number, True]}) == {"a": [number if fits else str(number), True]}


def test_an_expression_reckons_exactly_and_gives_digits() -> None:
    """What comes of it is stored; what it reckons with is not."""
    assert resolve({"$expr": "[10 ** 20 + 1, (10 ** 20 + 7) % 10]"}, {}.__getitem__) == [
        str(LONG + 1),
        7,
    ]


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, LONG])
def test_arguments_and_replies_refuse_it(number: int) -> None:
    """Each with its reason, before anything is written."""
    with pytest.raises(ArgumentError, match="64 bits"):
        Arguments("move", {"properties": {"wei": {"type": "integer"}}}).check({"wei": number})
    with pytest.raises(NoJsonInReplyError, match="64 bits"):
        strict_json(f'{{"wei": [{number}]}}')
    assert strict_json(f"[{2**64 - 1}, {-(2**63)}]") == [2**64 - 1, -(2**63)]
