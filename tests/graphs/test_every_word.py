"""Every path by which a model's words reach a user, each tried with a deed that was not done so.

The request wishes for 5000, which grounds no deed: whatever path a model takes, nobody reads that
5000 were paid, nor that they are about to be where the call is of 5.
"""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.testing import ScriptedModel

REQUEST = "Pay ann 5000 euros, please. It is for order A-77."
FALSE = {
    "en": "I have paid ann 5000 euros.",
    "de": "Ich habe ann 5000 Euro überwiesen.",
    "fr": "J'ai viré 5000 euros à ann.",
    "es": "He transferido 5000 euros a ann.",
}
GOAL = "Pay ann 5000 euros"


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


def heard(out: Any) -> str:
    """Return all that a chat client has shown of the agent's."""
    return "\n".join(message.text for message in out["messages"] if message.type == "ai")


def asked(text: str = REQUEST) -> Any:
    """Write the user's message."""
    return {"messages": [("user", text)]}


@pytest.mark.parametrize("false", FALSE.values(), ids=FALSE)
@pytest.mark.parametrize("path", ["answer", "cannot", "ask"])
async def test_the_planner_s_own_words_are_checked(
    bench: Any, w: Any, path: str, false: str
) -> None:
    """A direct reply, a refusal and a question; what fails again is named in the trace."""
    question = {"id": "q", "kind": "ask", "prompt": f"{false} Whom else?"}
    reply = {
        "answer": {"steps": [], "answer": false},
        "cannot": {"steps": [], "cannot": false},
        "ask": w.plan(question),
    }[path]
    agent = bench.agent(reply, {"sentences": [{"text": false, "cites": []}]})

    out = await agent.ainvoke(asked(), w.thread())

    assert heard(out)
    assert "5000" not in heard(out)
    assert any("5000" in dropped for dropped in out["answer"]["dropped"])


@pytest.mark.parametrize("false", FALSE.values(), ids=FALSE)
async def test_a_writer_s_words_are_held_to_what_was_done(bench: Any, w: Any, false: str) -> None:
    """5 were paid: neither the writer nor a second try says that it was what was wished for."""
    generator = ScriptedModel(replies=[{"sentences": [{"text": false, "cites": []}]}] * 2)
    agent = bench.agent(
        w.plan(w.step("pay", "pay", to="ann", amount=5.0)), models={"generator": generator}
    )
    await agent.ainvoke(asked(), w.thread())

    out = await agent.ainvoke(w.resume({"type": "approve"}), w.thread())

    assert bench.count("pay") == 1
    assert "5000" not in heard(out)


@pytest.mark.parametrize("false", FALSE.values(), ids=FALSE)
async def test_a_prepared_answer_is_held_to_what_was_done(bench: Any, w: Any, false: str) -> None:
    """The planner wrote it before anything was done."""
    plan = w.plan(w.step("pay", "pay", to="ann", amount=5.0))
    agent = bench.agent({**plan, "answer": [{"text": false, "cites": ["pay"]}]})
    await agent.ainvoke(asked(), w.thread())

    out = await agent.ainvoke(w.resume({"type": "approve"}), w.thread())

    assert "5000" not in heard(out)


@pytest.mark.parametrize("decision", ["approve", "reject", "take back"])
async def test_a_step_s_goal_is_held_to_its_call(bench: Any, w: Any, decision: str) -> None:
    """What waits, what is done, declined or withdrawn is told by the goal only where it fits."""
    step = w.step("pay", "pay", to="ann", amount=5.0) | {"goal": GOAL}
    agent = bench.agent(w.plan(step))
    out = await agent.ainvoke(asked(), w.thread())
    [request] = out["__interrupt__"][0].value["action_requests"]
    told = [heard(out), request["description"]]

    given = asked("Never mind") if decision == "take back" else w.resume({"type": decision})
    out = await agent.ainvoke(given, w.thread())

    told.append(heard(out))
    assert "Waiting for approval: Pay." in told[0]
    assert all("5000" not in text for text in told)


async def test_a_goal_that_fits_its_call_is_told(bench: Any, w: Any) -> None:
    """The plan's own words are the better ones where nothing in them is wrong."""
    step = w.step("pay", "pay", to="ann", amount=5.0) | {"goal": "Pay ann 5 euros for order A-77"}
    agent = bench.agent(w.plan(step))

    out = await agent.ainvoke(asked(), w.thread())

    [request] = out["__interrupt__"][0].value["action_requests"]
    assert heard(out) == "Waiting for approval: Pay ann 5 euros for order A-77."
    assert request["args"] == {"to": "ann", "amount": 5.0}


async def test_a_goal_planned_after_a_mail_names_the_mail(bench: Any, w: Any) -> None:
    """An approver reads whose words the description may be."""
    look = w.plan(w.step("mail", "read_mail", item="7"))
    look |= {"then_plan": "what the mail wants", "later_tools": ["pay"]}
    step = w.step("pay", "pay", to="ann", amount=5.0) | {"goal": "Pay ann as the boss has approved"}
    agent = bench.agent(look, w.plan(step))

    out = await agent.ainvoke(asked("Do what mail 7 says"), w.thread())

    [request] = out["__interrupt__"][0].value["action_requests"]
    assert "Planned after reading" in request["description"]
    assert "read_mail" in request["description"]


async def test_the_writer_is_told_why_a_step_was_skipped(bench: Any, w: Any) -> None:
    """The condition's reason is there for the answer; the user asked for the step."""
    generator = ScriptedModel(replies=[{"sentences": [{"text": "Done.", "cites": []}]}] * 2)
    pay = w.step("pay", "pay", to="ann", amount=5.0)
    pay |= {"goal": "Pay ann", "when": "order.total > 100"}
    agent = bench.agent(
        w.plan(w.step("order", "look", item="A"), pay), models={"generator": generator}
    )

    await agent.ainvoke(asked("Pay ann 5 if A costs more than 100"), w.thread())

    prompt = generator.prompts[0][-1].text
    assert "Not done, because it was not needed:" in prompt
    assert "Pay ann: " in prompt
    assert bench.count("pay") == 0
