"""Loops over any lists, with any outcomes, kills and decisions: nothing lost, doubled or reordered.

The scheduler's pure functions are driven as the graph drives them. A journal keeps what has
happened; a kill forgets what the lanes of one dispatch had brought, and all of them start over.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.runs.asking import waiting_results
from pointsman.runs.loops import LoopScope, advance_loops
from pointsman.runs.memory import RunMemory
from pointsman.state.approval import ApprovalRequest
from pointsman.state.expansion import rest_of
from pointsman.state.instances import instance, parts_of
from pointsman.state.plan import Plan
from pointsman.state.progress import next_move, skip_blocked
from pointsman.state.results import FINAL, Failure, StepResult
from pointsman.state.values import Json

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EFFECTS = frozenset({"pay", "ship", "mail"})


class NoPayloads:
    """Nothing here is large enough for the payload store."""

    async def put(self, value: Json, *, thread: str = "") -> str:
        """Fail."""
        raise AssertionError(value)

    async def get(self, digest: str) -> Json:
        """Fail."""
        raise AssertionError(digest)

    async def put_bytes(self, data: bytes, media_type: str, *, thread: str = "") -> str:
        """Fail."""
        raise AssertionError(data, media_type)

    async def get_bytes(self, digest: str) -> tuple[bytes, str]:
        """Fail."""
        raise AssertionError(digest)


def tool(step: str, name: str, *after: str, when: str = "") -> dict[str, Any]:
    """Write a tool step."""
    return {"id": step, "kind": "tool", "tool": name, "after": list(after), "when": when}


def loop(step: str, items: str, item: str, *steps: Any, **fields: Any) -> dict[str, Any]:
    """Write a loop whose items are known by their ids."""
    inner = {"items": items, "item": item, "key": f"{item}.id", "max": 50, "steps": steps}
    return {"id": step, "kind": "each", "for_each": inner, "on_error": "skip", **fields}


PLANS = [
    [tool("src", "look"), loop("l", "src", "x", tool("a", "look"), tool("p", "pay", "a"))],
    [
        tool("src", "look"),
        tool("first", "mail"),
        loop("l", "src", "x", tool("p", "pay", when="x.good"), tool("s", "ship", "p")),
        tool("last", "mail", "l"),
        tool("beside", "mail"),
    ],
    [
        tool("src", "look"),
        loop(
            "l",
            "src",
            "x",
            tool("a", "look"),
            loop("m", "x.inner", "y", tool("b", "look"), tool("p", "pay", "b"), after=["a"]),
            tool("s", "ship", "m", when="x.good"),
        ),
        loop("k", "src", "x", tool("q", "pay")),
    ],
]

an_item = st.fixed_dictionaries(
    {
        "good": st.booleans(),
        "inner": st.integers(0, 3).map(lambda n: [{"id": f"i{i}"} for i in range(n)]),
    }
)
lists = st.lists(an_item, max_size=6).map(
    lambda items: [{"id": f"n{i}", **item} for i, item in enumerate(items)]
)


@dataclass
class World:
    """A run, driven from dispatch to dispatch."""

    plan: Plan
    items: list[Any]
    chance: Random
    results: dict[str, StepResult] = field(default_factory=dict)
    journal: dict[str, StepResult] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    """What was really called, in order."""
    refused: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Go on to the end, whatever happens on the way."""
        for _ in range(200):
            self._follow()
            move = next_move(self.plan, self.results, may_revise=False)
            if move.kind == "finish":
                return
            if move.kind == "ask":
                self._decide()
            elif self.chance.randint(0, 3) or len(self.done) > 60:
                self._dispatch(move.chains, upto=None)
            else:
                self._dispatch(move.chains, upto=self.chance.randint(0, 5))
        raise AssertionError("it does not come to an end")

    def _follow(self) -> None:
        while True:
            scope = LoopScope(
                plan=self.plan,
                results=self.results,
                attachments={},
                thread="t",
                payloads=NoPayloads(),
                memory=RunMemory(),
                now=NOW,
                max_inline=1_000_000,
            )
            new = {**skip_blocked(self.plan, self.results), **asyncio.run(advance_loops(scope))}
            if not new:
                return
            self.results |= new

    def _decide(self) -> None:
        for result in waiting_results(self.plan, self.results):
            if self.chance.randint(0, 4):
                self.results[result.step] = result.model_copy(update={"status": "cleared"})
            else:
                self.refused.add(result.step)
                no = Failure(kind="rejected", message="no")
                self.results[result.step] = result.model_copy(
                    update={"status": "rejected", "failure": no}
                )

    def _dispatch(self, chains: Any, upto: int | None) -> None:
        """Let lanes work side by side, in any order; a kill after some steps forgets them all."""
        lanes, brought, steps = [list(chain) for chain in chains], dict[str, StepResult](), 0
        while lanes := [lane for lane in lanes if lane]:
            if upto is not None and steps >= upto:
                return
            steps += 1
            lane = lanes[self.chance.randint(0, len(lanes) - 1)]
            result = self._perform(lane[0])
            brought[lane[0]] = result
            lane[:] = lane[1:] if result.status == "accepted" else rest_of(self.plan, lane)
        self.results |= brought

    def _perform(self, id_: str) -> StepResult:
        if id_ in self.journal:
            return self.journal[id_]
        local, keys = parts_of(id_)
        step = self.plan.step(local)
        known = self.results.get(id_)
        x = next((item for item in self.items if keys and item["id"] == keys[0]), None)
        if step.when and x is not None and not x["good"]:
            return StepResult(step=id_, status="skipped", reason="not good")
        if step.tool in EFFECTS and (known is None or known.status != "cleared"):
            asked = ApprovalRequest(id=f"ap_{id_}", step=id_, tool=step.tool, effect="money")
            return StepResult(step=id_, status="waiting", approval=asked)
        self.done.append(id_)
        fails = self.chance.randint(0, 5) == 0 and id_ != "src"
        result = StepResult(
            step=id_,
            status="failed" if fails else "accepted",
            failure=Failure(kind="tool_error", message="gone") if fails else None,
            output=self.items if id_ == "src" else {"id": id_},
            approval=known.approval if known else None,
        )
        self.journal[id_] = result
        return result


@settings(max_examples=80, deadline=None)
@given(which=st.sampled_from(PLANS), items=lists, seed=st.integers(0, 2**32))
def test_nothing_is_lost_doubled_or_reordered(
    which: list[Any], items: list[Any], seed: int
) -> None:
    """Each step of each item is called once at most, effects in the items' order, and all end."""
    plan = Plan.from_json({"steps": which, "ordered": sorted(EFFECTS)})
    world = World(plan, items, Random(seed))

    world.run()

    assert len(set(world.done)) == len(world.done)
    place = {item["id"]: n for n, item in enumerate(items)}
    for name in ("p", "s", "q"):
        of_step = [parts_of(id_)[1] for id_ in world.done if parts_of(id_)[0] == name]
        assert of_step == sorted(of_step, key=lambda keys: (place[keys[0]], keys[1:]))
    assert not world.refused & set(world.done)
    assert all(result.status in FINAL for result in world.results.values())
    for id_, result in world.results.items():
        local, keys = parts_of(id_)
        begun = plan.step(local).for_each
        group = begun.steps if begun else ()
        inside = {instance(step.id, (*keys, key)) for key in result.items for step in group}
        assert inside <= world.results.keys()


@settings(max_examples=80, deadline=None)
@given(items=lists, seed=st.integers(0, 2**32))
def test_a_loops_list_is_that_of_its_items_in_order(items: list[Any], seed: int) -> None:
    """Inner lists stand in outer ones; what failed, was refused or left out is not among them."""
    plan = Plan.from_json({"steps": PLANS[2], "ordered": sorted(EFFECTS)})
    world = World(plan, items, Random(seed))

    world.run()

    if world.results["l"].status != "accepted":
        return
    accepted = {id_ for id_, result in world.results.items() if result.status == "accepted"}
    shipped = [f"s[{x['id']}]" for x in items if f"s[{x['id']}]" in accepted]
    assert [brought["id"] for brought in world.results["l"].output] == shipped
    for x in items:
        inner = world.results[f"m[{x['id']}]"]
        paid = [f"p[{x['id']}][{y['id']}]" for y in x["inner"]]
        if inner.status == "accepted":
            assert [b["id"] for b in inner.output] == [id_ for id_ in paid if id_ in accepted]
