"""Values that an expression or a loop cannot work with: their step fails, and says why."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pointsman import tool
from pointsman.state.values import JsonObject

LONGEST = 20.0
"""Seconds in which any of these has ended; on an idle machine it takes under one."""

SHAPELESS: JsonObject = {
    "none": None,
    "number": 7,
    "text": "abc",
    "list": [1, 2, 3],
    "zero": 0,
    "object": {"a": 1},
    "mixed": [1, "b", None],
    "many": 1_000_000,
    "long": "x" * 200_000,
    "deep": [[[[1]]]],
    "wide": list(range(5_000)),
    "same": [{"id": "A"}, {"id": "A"}],
    "odd": [{"id": ["A"]}, {"id": None}],
}


@pytest.fixture
def given(bench: Any) -> Any:
    """Give a tool of whose output nothing is known before it runs."""

    @tool(effect="read", trust="internal")
    async def bring() -> Any:
        """Bring anything."""
        bench.calls.append(("bring", {}))
        return SHAPELESS

    return bring


def looped(items: str, **fields: Any) -> JsonObject:
    """Return a loop that sends something for each item."""
    send = {"id": "s", "tool": "send", "args": {"to": "a", "body": {"$": "text(o)"}}}
    loop = {"items": items, "item": "o", "steps": [send], **fields}
    return {"id": "bad", "for_each": loop}


def worked_out(expression: str) -> JsonObject:
    """Return a message whose text is worked out."""
    return {"id": "bad", "tool": "send", "args": {"to": "a", "body": {"$": expression}}}


def decided(expression: str) -> JsonObject:
    """Return a message under a condition."""
    return {"id": "bad", "tool": "send", "when": expression, "args": {"to": "a", "body": "b"}}


BAD: dict[str, tuple[JsonObject, str, str]] = {
    "a loop over null": (looped("v.none"), "bad", "list"),
    "a loop over a number": (looped("v.number"), "bad", "list"),
    "a loop over a text": (looped("v.text"), "bad", "list"),
    "a loop over an object": (looped("v.object"), "bad", "list"),
    "a loop over what is missing": (looped("v.absent"), "bad", "absent"),
    "more items than max": (looped("v.wide", max=10), "bad", "10"),
    "a million items": (looped("range(v.many)", max=10_000), "bad", "range"),
    "a million million items": (
        looped("[a for a in range(v.many) for b in range(v.many)]", max=10_000), "bad", ""),
    "two items with one key": (looped("v.same", key="o.id"), "bad", "key"),
    "a filter that is no truth": (looped("[o for o in v.mixed if o]"), "bad", "true or false"),
    "a division by zero": (worked_out("text(v.number / v.zero)"), "bad", "zero"),
    "a rest by zero": (worked_out("text(v.number % v.zero)"), "bad", "zero"),
    "a huge power": (worked_out("text(v.many ** v.many)"), "bad", ""),
    "a power of a power": (worked_out("text(9 ** (v.number ** v.number))"), "bad", ""),
    "a long repetition": (worked_out("text(v.text * v.many)"), "bad", ""),
    "a list repeated": (worked_out("text(v.list * v.many)"), "bad", ""),
    "a repeated repetition": (worked_out("text((v.long * 4) * 4)"), "bad", ""),
    "a nested comprehension": (
        worked_out("text([a for a in v.wide for b in v.wide for c in v.wide])"), "bad", ""),
    "a sum that loops for long": (
        worked_out("text(sum(a * b for a in v.wide for b in v.wide))"), "bad", ""),
    "a sort in a loop": (
        worked_out("text([sorted(v.wide, key=lambda x: -x)[0] for a in v.wide])"), "bad", ""),
    "a text joined for long": (worked_out("join(v.long, [text(x) for x in v.wide])"), "bad", ""),
    "a replacement that grows": (worked_out("v.long.replace('x', v.long)"), "bad", ""),
    "a number with too wide a format": (worked_out("f'{v.number:999999999}'"), "bad", ""),
    "a sum of mixed kinds": (worked_out("text(sum(v.mixed))"), "bad", "number"),
    "an index out of range": (worked_out("text(v.list[9])"), "bad", ""),
    "a missing field": (worked_out("v.object.b"), "bad", "b"),
    "a field of a number": (worked_out("v.number.value"), "bad", ""),
    "a date that is none": (worked_out("add_days(v.text, 1)"), "bad", "date"),
    "a date too far": (worked_out("add_days('2026-01-01', v.many * v.many)"), "bad", ""),
    "a condition that is a number": (decided("v.number"), "bad", "true or false"),
    "a condition over null": (decided("v.none > 1"), "bad", ""),
    "a condition across kinds": (decided("v.text > v.number"), "bad", ""),
    "a condition over what is missing": (decided("v.absent == 1"), "bad", "absent"),
    "a condition that loops for long": (
        decided("any(a == -b for a in v.wide for b in v.wide if a > 0)"), "bad", ""),
}  # fmt: skip


@pytest.mark.parametrize(("step", "named", "says"), BAD.values(), ids=BAD)
async def test_what_cannot_be_worked_out_fails_its_step(
    bench: Any, write: Any, given: Any, step: JsonObject, named: str, says: str
) -> None:
    """In bounded time, with a message that names the step and what it met; nothing of it ran."""
    plan = {"steps": [{"id": "v", "tool": "bring", "args": {}}, step]}
    agent = bench.agent(plan, tools=[given], limits={"max_revisions": 0})
    started = time.monotonic()

    out = await agent.ainvoke({"task": "Try it"}, write["thread"]())

    assert time.monotonic() - started < LONGEST
    result = out["results"][named]
    assert result["status"] == "failed"
    assert result["failure"]["message"]
    assert says in result["failure"]["message"]
    assert any(named in line for line in out["answer"]["report"])
    assert bench.count("send") == 0
    assert bench.count("bring") == 1
    assert "__interrupt__" not in out


async def test_what_stands_beside_a_bad_step_runs(bench: Any, write: Any, given: Any) -> None:
    """A failure stops what needs it and nothing else."""
    steps = [
        "v = bring()",
        worked_out("text(v.number / v.zero)"),
        "after = look(item=bad.sent)",
        "beside = look(item=v.text)",
    ]
    agent = bench.agent({"steps": steps}, tools=[given], limits={"max_revisions": 0})

    out = await agent.ainvoke({"task": "Try it"}, write["thread"]())

    ended = {name: result["status"] for name, result in out["results"].items()}
    assert ended == {"v": "accepted", "bad": "failed", "beside": "accepted", "after": "blocked"}
    assert bench.count("look") == 1
