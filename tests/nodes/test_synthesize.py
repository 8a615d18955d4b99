"""synthesize: verified sentences, or the safe response; never nothing, never a guess."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman import tool
from pointsman.testing import ScriptedModel

TASK = {"task": "What is the total and status of A?"}


def sentences(*texts: str) -> Any:
    """Write a generator's reply in which each sentence cites step a."""
    return {"sentences": [{"text": text, "cites": ["a"]} for text in texts]}


async def test_the_verifier_removes_what_it_does_not_find(bench: Any, looks: Any, at: Any) -> None:
    """A second opinion only ever takes away."""
    generator = ScriptedModel(
        replies=[sentences("The total of A is 49.9.", "The status of A is shipped.")]
    )
    verifier = ScriptedModel(replies=[{"supported": [True, False]}])
    agent = bench.agent(looks("A"), models={"generator": generator, "verifier": verifier})

    out = await agent.ainvoke(TASK, at)

    assert "49.9" in out["answer"]["text"]
    assert "shipped" not in out["answer"]["text"]
    assert out["answer"]["dropped"] == [
        "The status of A is shipped. (the verifier found no support)"
    ]


async def test_a_verifier_that_fails_leaves_what_the_rules_passed(
    bench: Any, looks: Any, at: Any
) -> None:
    """Its outage costs no sentence whose facts stand in the evidence."""
    generator = ScriptedModel(replies=[sentences("The total of A is 49.9.")])
    verifier = ScriptedModel(replies=[ConnectionError("down")] * 9)
    agent = bench.agent(looks("A"), models={"generator": generator, "verifier": verifier})

    out = await agent.ainvoke(TASK, at)

    assert "The total of A is 49.9." in out["answer"]["text"]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(ConnectionError("down"), id="gone"),
        pytest.param("no JSON", id="malformed"),
        pytest.param({"supported": [True]}, id="too-few-verdicts"),
    ],
)
async def test_a_verifier_that_fails_passes_no_sentence(
    bench: Any, looks: Any, at: Any, reply: Any
) -> None:
    """What only meaning can judge is left out, and named."""
    vague = "Its owner deserves a better treatment."
    generator = ScriptedModel(replies=[sentences("The total of A is 49.9.", vague)] * 2)
    verifier = ScriptedModel(replies=[reply] * 9)
    agent = bench.agent(looks("A"), models={"generator": generator, "verifier": verifier})

    out = await agent.ainvoke(TASK, at)

    assert "The total of A is 49.9." in out["answer"]["text"]
    assert vague not in out["answer"]["text"]
    assert any("no verifier did" in text for text in out["answer"]["dropped"])


async def test_without_the_generator_the_answer_is_extracted(
    bench: Any, looks: Any, at: Any
) -> None:
    """An outage ends in the evidence's own words, and the stream says why no model wrote it."""
    generator = ScriptedModel(replies=[ConnectionError("down")] * 9)
    agent = bench.agent(looks("A"), models={"generator": generator})

    stream = agent.astream(TASK, at, stream_mode=["custom", "values"])
    parts = [part async for part in stream]

    out = [value for mode, value in parts if mode == "values"][-1]
    assert out["answer"]["written_by"] == "extractive"
    assert "49.9" in out["answer"]["text"]
    assert out["answer"]["citations"][0]["evidence"] == "a"
    assert "writer_failed" in {event["event"] for mode, event in parts if mode == "custom"}


async def test_a_failed_sentence_is_asked_for_once_with_the_reason(
    bench: Any, looks: Any, at: Any
) -> None:
    """The correction sees only what failed and why; what it writes is checked as before."""
    first = sentences("The status of A is shipped.", "The total of A is 12.0.")
    generator = ScriptedModel(replies=[first, sentences("The total of A is 49.9.")])
    agent = bench.agent(looks("A"), models={"generator": generator})

    out = await agent.ainvoke(TASK, at)

    asked = str(generator.prompts[1][-1].content)
    assert "- The total of A is 12.0.\n  failed: the evidence it cites does not hold 12.0" in asked
    assert "The status of A is shipped." not in asked
    assert "49.9" in out["answer"]["text"]
    assert out["answer"]["status"] == "complete"
    generator.assert_complete()


async def test_what_a_model_said_is_told_to_be_no_evidence(bench: Any, at: Any) -> None:
    """The writer has read it in the block that it cites, and would not know what is amiss."""
    look = {"id": "a", "kind": "tool", "tool": "look", "args": {"item": "A"}}
    judge = {"id": "d", "kind": "reason", "prompt": "And tax?", "args": {"order": {"$from": "a"}}}
    wrong = {"sentences": [{"text": "With tax it is 61.73.", "cites": ["d"]}]}
    generator = ScriptedModel(replies=[wrong, sentences("The total of A is 49.9.")])
    reasoner = ScriptedModel(replies=[{"text": "61.73"}])
    agent = bench.agent(
        {"steps": [look, judge]}, models={"generator": generator, "reasoner": reasoner}
    )

    out = await agent.ainvoke(TASK, at)

    asked = str(generator.prompts[1][-1].content)
    assert "does not hold 61.73: of d only what it was made from counts" in asked
    assert "61.73" not in out["answer"]["text"]


async def test_what_fails_again_makes_the_answer_partial(bench: Any, looks: Any, at: Any) -> None:
    """It is named with its reason, and no third call is made."""
    first = sentences("The status of A is shipped.", "The total of A is 12.0.")
    generator = ScriptedModel(replies=[first, sentences("The total of A is 13.0.")])
    agent = bench.agent(looks("A"), models={"generator": generator})

    out = await agent.ainvoke(TASK, at)

    assert out["answer"]["status"] == "partial"
    assert "13.0" not in out["answer"]["text"]
    assert out["answer"]["dropped"] == [
        "The total of A is 13.0. (the evidence it cites does not hold 13.0)"
    ]


async def test_when_no_sentence_holds_the_evidence_speaks(bench: Any, looks: Any, at: Any) -> None:
    """A generator that made everything up is replaced by what was found."""
    generator = ScriptedModel(replies=[sentences("The total of A is 12.0.")])
    agent = bench.agent(looks("A"), models={"generator": generator})

    out = await agent.ainvoke(TASK, at)

    assert "12.0" not in out["answer"]["text"]
    assert out["answer"]["written_by"] == "extractive"


async def test_with_no_evidence_the_safe_response_says_what_failed(bench: Any, at: Any) -> None:
    """What failed, and no model is asked to write around it."""
    generator = ScriptedModel(replies=[])
    bad = {"id": "b", "kind": "tool", "tool": "look", "args": {"item": {"$from": "c", "path": "x"}}}
    first = {"id": "c", "kind": "tool", "tool": "look", "args": {"item": "A"}, "after": ["d"]}
    ask = {"id": "d", "kind": "reason", "prompt": "Think."}
    agent = bench.agent({"steps": [ask, first, bad]}, models={}, limits={"max_revisions": 0})

    out = await agent.ainvoke(TASK, at)

    assert out["answer"]["status"] == "safe_response"
    assert out["answer"]["text"] == "This did not work: D.\nNot done: Look.\nNot done: Look."
    assert "No language model is configured" in out["answer"]["report"][0]
    assert not generator.prompts
    assert not bench.calls


async def test_the_journaled_answer_is_not_paid_for_twice(bench: Any, looks: Any, at: Any) -> None:
    """A replay from any checkpoint returns the same text without a second generation."""
    generator = ScriptedModel(replies=[sentences("The total of A is 49.9.")])
    agent = bench.agent(looks("A"), models={"generator": generator})
    first = await agent.ainvoke(TASK, at)
    history = [s async for s in agent.aget_state_history(at) if s.next]

    for snapshot in history:
        out = await agent.ainvoke(None, snapshot.config)
        assert out["answer"] == first["answer"]

    generator.assert_complete()
    bench.planner.assert_complete()


LINES = [f"Order {n} is {'open' if n % 3 else 'shipped'}" for n in range(1, 2001)]
COUNTED = "There are 12 open orders."


@pytest.fixture
def listing() -> Any:
    """A tool that lists two thousand orders in a text, of which a prompt shows a part."""

    @tool(effect="read", trust="internal")
    async def orders() -> dict[str, Any]:
        """List the orders."""
        return {"orders": "\n".join(LINES)}

    return orders


def counting(*more: Any) -> Any:
    """Write a plan that lists the orders, and may read them."""
    return {"steps": [{"id": "a", "kind": "tool", "tool": "orders", "args": {}}, *more]}


READ = {
    "id": "b",
    "kind": "draft",
    "prompt": "What is open?",
    "args": {"orders": {"$from": "a", "path": "orders"}},
}


async def test_a_writer_counts_no_list_that_it_saw_only_a_part_of(
    bench: Any, listing: Any, at: Any
) -> None:
    """What was cut from its prompt it cannot have counted."""
    written = {"sentences": [{"text": t, "cites": ["a"]} for t in (COUNTED, "Order 7 is open.")]}
    generator = ScriptedModel(replies=[written, {"sentences": []}])
    agent = bench.agent(counting(), models={"generator": generator}, tools=[listing])

    out = await agent.ainvoke({"task": "How many orders are open?"}, at)

    assert "Order 7 is open." in out["answer"]["text"]
    assert COUNTED not in out["answer"]["text"]
    assert any("only in part" in text for text in out["answer"]["dropped"])


@pytest.mark.parametrize("written", [True, False], ids=["written", "extracted"])
async def test_a_count_by_a_step_that_saw_a_part_is_none(
    bench: Any, listing: Any, at: Any, written: bool
) -> None:
    """Neither a writer nor the extractive answer passes on what a cut step counted."""
    drafting = [{"text": f"{COUNTED} Order 7 is open."}]
    reply = {"sentences": [{"text": COUNTED, "cites": ["b"]}]}
    generator = ScriptedModel(
        replies=[*drafting, reply, reply]
        if written
        else [*drafting, *[ConnectionError("down")] * 9]
    )
    agent = bench.agent(counting(READ), models={"generator": generator}, tools=[listing])

    out = await agent.ainvoke({"task": "How many orders are open?"}, at)

    assert out["results"]["b"]["evidence"][0]["cut"]
    assert COUNTED not in out["answer"]["text"]
    assert any("only in part" in text for text in out["answer"]["dropped"])
