"""normalize: what came in becomes one task, within its limits, or an error that names the field."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from pointsman import AgentContext
from pointsman.errors import TaskError

NOTE = {"name": "note.txt", "text": "The gate code is 4711."}


async def test_an_attachment_is_in_the_task_by_reference(bench: Any, looks: Any, at: Any) -> None:
    """State holds its name and digest; its text is in the payload store, and untrusted."""
    agent = bench.agent(looks("A"))

    await agent.ainvoke({"task": "Read", "attachments": [NOTE]}, at)

    values = (await agent.aget_state(at)).values
    [attached] = values["work"]["attachments"]
    assert "4711" not in repr(values)
    assert await bench.store.payloads.get(attached["payload"]) == NOTE["text"]
    assert attached.get("trust", "untrusted") == "untrusted"
    assert values["attachments"] == []


async def test_a_step_reads_an_attachment_by_name(bench: Any, at: Any) -> None:
    """And its result names the file as its source."""
    step = {
        "id": "a",
        "kind": "tool",
        "tool": "look",
        "args": {"item": {"$attachment": "note.txt"}},
    }
    agent = bench.agent({"steps": [step]})

    out = await agent.ainvoke({"task": "Look", "attachments": [NOTE]}, at)

    assert bench.calls == [NOTE["text"]]
    assert out["results"]["a"]["taint"] == ["file:note.txt"]


async def test_content_of_a_message_becomes_an_attachment(bench: Any, looks: Any, at: Any) -> None:
    """A file part of a chat message is the task's attachment; its text part the task."""
    data = base64.b64encode(b"hello").decode()
    part = {"type": "file", "base64": data, "mime_type": "text/plain", "filename": "hi.txt"}
    content = [{"type": "text", "text": "Read this"}, part]
    agent = bench.agent(looks("A"))

    await agent.ainvoke({"messages": [{"role": "user", "content": content}]}, at)

    work = (await agent.aget_state(at)).values["work"]
    assert work["text"] == "Read this"
    assert len(work["attachments"]) == 1


async def test_attachments_do_not_leak_into_the_next_turn(bench: Any, looks: Any, at: Any) -> None:
    """A file belongs to the task that it came with."""
    agent = bench.agent(looks("A"), looks("A"))
    await agent.ainvoke({"task": "Read", "attachments": [NOTE]}, at)

    await agent.ainvoke({"task": "And now?"}, at)

    assert "attachments" not in (await agent.aget_state(at)).values["work"]


@pytest.mark.parametrize(
    ("given", "where"),
    [
        pytest.param([{**NOTE, "name": f"{n}.txt"} for n in range(3)], "attachments", id="many"),
        pytest.param([NOTE, NOTE], "attachments.note.txt", id="same-name"),
        pytest.param([{**NOTE, "text": "x" * 101}], "attachments.note.txt", id="large"),
        pytest.param([{"name": "a.png", "media_type": "image/png", "data": "%"}], "a", id="base64"),
    ],
)
async def test_a_bad_attachment_is_refused_by_name(
    bench: Any, looks: Any, at: Any, given: Any, where: str
) -> None:
    """Nothing is planned, and the thread takes the next task."""
    limits = {"max_attachments": 2, "max_attachment_bytes": 100}
    agent = bench.agent(looks("A"), task=limits)

    with pytest.raises(TaskError) as refused:
        await agent.ainvoke({"task": "Read", "attachments": given}, at)

    assert refused.value.where.startswith(where.split(".")[0])
    assert where in str(refused.value)
    assert not bench.planner.prompts
    out = await agent.ainvoke({"task": "Look up A", "attachments": []}, at)
    assert out["results"]["a"]["status"] == "accepted"


async def test_context_tightens_what_settings_allow(bench: Any, looks: Any, at: Any) -> None:
    """And never loosens it."""
    agent = bench.agent(
        looks("A"),
        looks("A"),
        limits={"budget_tokens": 50_000, "max_turns": 8},
        deadline_seconds=100,
    )
    looser = AgentContext(budget_tokens=90_000, max_turns=90, deadline_seconds=900)
    tighter = AgentContext(budget_tokens=40_000, max_turns=4, deadline_seconds=50)

    await agent.ainvoke({"task": "Look up A"}, at, context=looser)
    loose = (await agent.aget_state(at)).values["run"]
    await agent.ainvoke({"task": "Look up A"}, at, context=tighter)
    tight = (await agent.aget_state(at)).values["run"]

    assert loose["limits"] == {"budget_tokens": 50_000, "max_turns": 8}
    assert loose["deadline_at"] - loose["started_at"] == pytest.approx(100)
    assert tight["limits"] == {"budget_tokens": 40_000, "max_turns": 4}
    assert tight["deadline_at"] - tight["started_at"] == pytest.approx(50)


UNTRUE: list[tuple[str, Any]] = [
    *(
        (limit, value)
        for limit in ("budget_usd", "budget_tokens", "deadline_seconds", "max_turns")
        for value in (float("nan"), float("inf"), -1, 1e400, "much", [1])
    ),
    ("budget_tokens", 10**30),
    ("max_turns", 2**63),
    ("autonomy", "never"),
    ("questions", "by post"),
    ("latency", 3),
    ("instructions", ["Be brief."]),
    ("effect_scope", {}),
]


@pytest.mark.parametrize(("field", "value"), UNTRUE)
async def test_a_context_that_cannot_be_true_is_refused(
    field: str, value: Any, bench: Any, looks: Any, at: Any
) -> None:
    """The field is named, and nothing was begun: a limit that is no number limits nothing."""
    agent = bench.agent(looks("A"), limits={}, deadline_seconds=None)

    with pytest.raises(TaskError) as refused:
        await agent.ainvoke({"task": "Look up A"}, at, context=AgentContext(**{field: value}))

    assert refused.value.where == f"context.{field}"
    assert not bench.planner.prompts
    out = await agent.ainvoke({"task": "Look up A"}, at, context=AgentContext())
    assert out["results"]["a"]["status"] == "accepted"


async def test_a_form_may_send_numbers_as_text(bench: Any, looks: Any, at: Any) -> None:
    """They are read as what they say."""
    agent = bench.agent(looks("A"))
    context: dict[str, Any] = {"budget_tokens": "40000", "max_turns": "4", "deadline_seconds": "50"}

    await agent.ainvoke({"task": "Look up A"}, at, context=AgentContext(**context))

    run = (await agent.aget_state(at)).values["run"]
    assert run["limits"] == {"budget_tokens": 40_000, "max_turns": 4}
    assert run["deadline_at"] - run["started_at"] == pytest.approx(50)


async def test_the_conversation_is_bounded(bench: Any, looks: Any, at: Any) -> None:
    """Planners read the newest earlier messages in full, the others in short."""
    agent = bench.agent(*[looks("A")] * 4, task={"max_conversation_messages": 2})

    for n in range(4):
        await agent.ainvoke({"task": f"Question {n}"}, at)

    heard = (await agent.aget_state(at)).values["work"]["conversation"]
    full = [said for said in heard if not said.get("turn")]
    short = [said for said in heard if said.get("turn")]
    assert len(full) == 2
    assert full[0] == {"speaker": "user", "text": "Question 2"}
    assert short[0] == {"speaker": "user", "text": "Question 0", "turn": 1}
    assert {said["turn"] for said in short} == {1, 2}


async def test_the_same_task_on_a_thread_is_two_runs(bench: Any, looks: Any, at: Any) -> None:
    """A second turn is not a replay of the first, whatever its words."""
    agent = bench.agent(looks("A"), looks("A"), checkpointer=InMemorySaver())
    runs: set[str] = set()
    for _ in range(2):
        await agent.ainvoke({"task": "Look up A"}, at)
        runs.add((await agent.aget_state(at)).values["run"]["id"])

    assert len(runs) == 2
    assert bench.calls == ["A", "A"]
