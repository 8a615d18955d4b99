"""The thread remembers: results of earlier turns are referred to, with their age and taint."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman import tool
from pointsman.state.plan import Step
from pointsman.state.remembered import Remembered, is_fresh, shown_whole, together
from pointsman.state.results import StepResult
from pointsman.testing import ScriptedModel


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


def says(text: str) -> Any:
    """Write a message of the user's."""
    return {"messages": [("user", text)]}


THANKS = {"steps": [], "answer": "You're welcome!"}


async def test_it_of_two_turns_ago_is_referred_to(bench: Any, w: Any) -> None:
    """Two turns later the plan uses the value by reference, and the tool is not called again."""
    agent = bench.agent(
        w.plan(w.step("order", "look", item="A")),
        THANKS,
        w.plan(w.step("pay", "pay", to="ann", amount=w.ref("t1_order", "total"))),
    )
    await agent.ainvoke(says("Look up A"), w.thread())
    await agent.ainvoke(says("Thanks"), w.thread())

    out = await agent.ainvoke(says("Pay ann what it costs"), w.thread())

    shown = bench.models[0].prompts[2][-1].text
    assert "name='t1_order'" in shown
    assert 'look {"item":"A"}, just now, fresh' in shown
    [request] = out["__interrupt__"][0].value["action_requests"]
    assert request["args"] == {"to": "ann", "amount": 49.9}
    done = await agent.ainvoke(w.resume({"type": "approve"}), w.thread())
    assert bench.count("look") == 1
    assert bench.count("pay") == 1
    assert "pay" in done["results"]


async def test_what_a_loop_looked_up_is_referred_to_item_by_item(bench: Any, w: Any) -> None:
    """Each call of a loop is remembered under a number of its own, and not made again."""
    looks = [w.step("look", "look", item={"$from": "name"})]
    loop = {"items": "['A', 'B']", "item": "name", "max": 3, "steps": looks}
    agent = bench.agent(
        w.plan({"id": "all", "kind": "each", "for_each": loop}),
        w.plan(w.step("pay", "pay", to="ann", amount=w.ref("t1_look_2", "total"))),
    )
    await agent.ainvoke(says("Look up A and B"), w.thread())

    out = await agent.ainvoke(says("Pay ann what B costs"), w.thread())

    shown = bench.models[0].prompts[1][-1].text
    assert 'look {"item":"A"}, just now, fresh' in shown
    assert 'look {"item":"B"}, just now, fresh' in shown
    [request] = out["__interrupt__"][0].value["action_requests"]
    assert request["args"] == {"to": "ann", "amount": 49.9}
    assert bench.count("look") == 2


async def test_a_reply_cites_an_earlier_result(bench: Any, w: Any) -> None:
    """One call, no tool, and the source stands beside the sentence."""
    agent = bench.agent(
        w.plan(w.step("order", "look", item="A")),
        {
            "steps": [],
            "answer": [{"text": "Its owner is ann@example.org.", "cites": ["t1_order"]}],
        },
    )
    await agent.ainvoke(says("Look up A"), w.thread())

    out = await agent.ainvoke(says("Who owns it?"), w.thread())

    assert out["answer"]["text"] == "Its owner is ann@example.org. [1]"
    assert out["answer"]["status"] == "complete"
    assert bench.count("look") == 1


async def test_what_untrusted_text_brought_stays_tainted(bench: Any, w: Any) -> None:
    """A later turn's call by it waits for a person, who sees the source."""
    agent = bench.agent(
        w.plan(w.step("mail", "read_mail", item="1")),
        w.plan(w.step("pay", "pay", to=w.ref("t1_mail", "text"), amount=1.0)),
    )
    await agent.ainvoke(says("Read mail 1"), w.thread())

    out = await agent.ainvoke(says("Pay what it says"), w.thread())

    [request] = out["__interrupt__"][0].value["pointsman"]["approvals"]
    assert request["provenance"] == {"to": ["tool:read_mail#mail"]}
    assert "source='untrusted: tool:read_mail#mail'" in bench.models[0].prompts[1][-1].text


async def test_what_was_done_is_not_reported_as_done_again(bench: Any, w: Any) -> None:
    """A receipt of an earlier turn is a fact of that turn."""
    paid = {**w.step("pay", "pay", to="ann", amount=5.0), "goal": "Pay ann"}
    agent = bench.agent(
        w.plan(paid),
        {"steps": [], "answer": [{"text": "The receipt is R-ann.", "cites": ["t1_pay"]}]},
    )
    await agent.ainvoke(says("Pay ann 5"), w.thread())
    await agent.ainvoke(w.resume({"type": "approve"}), w.thread())

    out = await agent.ainvoke(says("What is the receipt?"), w.thread())

    assert out["answer"]["text"] == "The receipt is R-ann. [1]"
    assert "was done" in bench.models[0].prompts[1][-1].text


async def test_an_old_reading_changes_nothing(bench: Any, w: Any) -> None:
    """What was changed since makes it old: the planner is told to look again."""
    agent = bench.agent(
        w.plan(w.step("order", "look", item="A")),
        w.plan(w.step("pay", "pay", to="ann", amount=5.0)),
        w.plan(w.step("more", "pay", to="ann", amount=w.ref("t1_order", "total"))),
        w.plan(
            w.step("order", "look", item="A"),
            w.step("more", "pay", to="ann", amount=w.ref("order", "total")),
        ),
    )
    await agent.ainvoke(says("Look up A"), w.thread())
    await agent.ainvoke(says("Pay ann 5"), w.thread())
    await agent.ainvoke(w.resume({"type": "approve"}), w.thread())

    out = await agent.ainvoke(says("Pay ann what A costs"), w.thread())

    assert "t1_order is of an earlier turn" in bench.models[0].prompts[3][-1].text
    assert bench.count("look") == 2
    assert "__interrupt__" in out


async def test_what_a_contract_vouches_for_is_not_looked_up_twice(bench: Any, w: Any) -> None:
    """The same call of a later turn has its result before it runs."""
    calls: list[str] = []

    @tool(effect="read", trust="internal", fresh_seconds=3600)
    async def rate(currency: str) -> dict[str, Any]:
        """Return the exchange rate."""
        calls.append(currency)
        return {"currency": currency, "rate": 1.08}

    ask = w.plan(w.step("rate", "rate", currency="USD"))
    agent = bench.agent(ask, ask, tools=[rate])
    first = await agent.ainvoke(says("What is the rate?"), w.thread())

    again = await agent.ainvoke(says("And what is it now?"), w.thread())

    assert calls == ["USD"]
    assert again["results"]["rate"]["output"] == first["results"]["rate"]["output"]
    assert "1.08" in again["answer"]["text"]


async def test_a_wait_makes_no_reading_younger(bench: Any, w: Any) -> None:
    """What was read before a person was waited for is as old as its turn, not as the decision."""
    pay = w.step("pay", "pay", to="ann", amount=5.0)
    agent = bench.agent(w.plan(pay, w.step("order", "look", item="A")), THANKS)
    await agent.ainvoke(says("Pay ann 5 and look up A"), w.thread())
    await agent.ainvoke(w.resume({"type": "reject", "message": "no"}), w.thread())
    run = (await agent.aget_state(w.thread())).values["run"]

    await agent.ainvoke(says("Thanks"), w.thread())

    [known] = (await agent.aget_state(w.thread())).values["remembered"].values()
    assert known["at"] == run["started_at"] < run["resumed_at"]


async def test_a_proof_holds_for_the_thread(bench: Any, w: Any) -> None:
    """Who has proved who they are is not asked again, however long ago it was."""

    @tool(effect="read", trust="internal", proves="customer")
    async def identify(email: str) -> dict[str, Any]:
        """Find the customer."""
        return {"customer": "CUS-1", "email": email}

    agent = bench.agent(
        w.plan(w.step("who", "identify", email="ann@example.org")), THANKS, tools=[identify]
    )
    await agent.ainvoke(says("I am ann@example.org"), w.thread())
    await agent.ainvoke(says("Thanks"), w.thread())

    assert "proves customer" in bench.models[0].prompts[1][-1].text


def item(name: str, *, at: float = 0.0, **facts: Any) -> Remembered:
    """Remember a call."""
    return Remembered(
        step=Step(id=name, kind="tool", tool="look", goal=name),
        result=StepResult(step=name, status="accepted"),
        run=name,
        at=at,
        **facts,
    )


@pytest.mark.parametrize(
    ("remembered", "now", "fresh"),
    [
        (item("a"), 899, True),
        (item("a"), 901, False),
        (item("a", fresh_seconds=5.0), 6, False),
        (item("a", fresh_seconds=9999.0), 6000, True),
        (item("a", changes=True), 10**9, True),
        (item("a", proves="customer"), 10**9, True),
    ],
)
def test_freshness_is_the_contract_s_to_say(
    remembered: Remembered, now: float, fresh: bool
) -> None:
    """Readings age; what was done or proved does not."""
    assert is_fresh(remembered, [remembered], now=now) is fresh


def test_what_was_read_before_a_change_of_its_own_run_is_old() -> None:
    """A turn that reads a record and changes it leaves a reading that is so no more."""
    before, change, after = (
        item(name, **facts).model_copy(update={"run": "one"})
        for name, facts in (("read", {}), ("move", {"changes": True}), ("check", {}))
    )
    known = [before, change, after]

    assert [is_fresh(i, known, now=1) for i in known] == [False, True, True]


def test_a_thread_keeps_the_newest_and_every_proof() -> None:
    """A long thread does not grow without end, whatever its turns have brought."""
    many = [item(f"s{n}") for n in range(200)]

    kept = together([item("who", proves="customer")], many)

    assert [i.step.id for i in kept][:2] == ["who", "s104"]
    assert len(kept) == 97
    assert [i.step.id for i in shown_whole(kept)][:2] == ["who", "s176"]


def test_large_results_are_kept_for_a_shorter_time() -> None:
    """Each checkpoint holds what is remembered: only small results stay beyond the newest."""
    big = [with_output(item(f"s{n}"), "x" * 2000) for n in range(40)]

    assert len(together([], big)) == 24


def with_output(remembered: Remembered, output: str) -> Remembered:
    """Give a result an output."""
    result = remembered.result.model_copy(update={"output": output})
    return remembered.model_copy(update={"result": result})


async def test_a_run_taken_up_makes_the_thread_forget_nothing(bench: Any, w: Any) -> None:
    """What the turn in between found out stays referable, and its answer the agent's own."""
    pay = {**w.step("pay", "pay", to="ann", amount=5.0), "goal": "Pay ann"}
    agent = bench.agent(
        w.plan(pay),
        w.plan(w.step("a", "look", item="A"), w.step("pay", "read_mail", item="9")),
        {"steps": [], "answer": [{"text": "It costs 49.90.", "cites": ["t2_a"]}]},
    )
    await agent.ainvoke({"messages": [("user", "Pay ann 5")]}, w.thread())
    await agent.ainvoke({"messages": [("user", "Look up A and read mail 9")]}, w.thread())
    await agent.ainvoke(w.resume({"type": "approve"}), w.thread())

    out = await agent.ainvoke({"messages": [("user", "What did A cost?")]}, w.thread())

    prompt = bench.models[0].prompts[-1][-1].text
    assert all(f"name='t2_{step}'" in prompt for step in ("a", "pay", "pay_2"))
    assert "client:assistant" not in prompt
    assert "read_mail" in prompt.partition("name='assistant'")[2].partition(">")[0]
    assert out["answer"]["text"] == "It costs 49.90. [1]"


async def test_a_sentence_that_names_no_result_rests_on_the_one_that_carries_it(
    bench: Any, w: Any
) -> None:
    """A planner that forgets to cite what it was shown loses nothing."""
    agent = bench.agent(
        {
            **w.plan(w.step("a", "look", item="A")),
            "answer": [{"text": {"$expr": "f'A costs {a.total}.'"}}],
        },
        {
            **w.plan(w.step("b", "look", item="B")),
            "answer": [
                {"text": {"$expr": "f'{b.id} costs {b.total}.'"}},
                {"text": "A belongs to ann@example.org."},
            ],
        },
    )
    await agent.ainvoke({"messages": [("user", "What does A cost?")]}, w.thread())

    out = await agent.ainvoke({"messages": [("user", "And B? Whose is A?")]}, w.thread())

    assert out["answer"]["text"] == "B costs 49.9. [1] A belongs to ann@example.org. [2]"
    assert out["answer"]["citations"][1]["evidence"].startswith("t1_a")
    assert out["answer"]["status"] == "complete"


async def test_a_wrong_sentence_is_corrected_from_the_earlier_result(bench: Any, w: Any) -> None:
    """Whoever corrects it sees what the planner saw."""
    writer = ScriptedModel(
        replies=[
            {"sentences": [{"text": "A costs 49.90.", "cites": ["a"]}]},
            {"sentences": [{"text": "A still costs 49.90.", "cites": ["t1_a"]}]},
        ]
    )
    agent = bench.agent(
        w.plan(w.step("a", "look", item="A")),
        {
            **w.plan(w.step("b", "look", item="B")),
            "answer": [
                {"text": "A costs 48.90."},
                {"text": {"$expr": "f'{b.id} costs {b.total}.'"}},
            ],
        },
        models={"generator": writer},
    )
    await agent.ainvoke({"messages": [("user", "What does A cost?")]}, w.thread())

    out = await agent.ainvoke({"messages": [("user", "And B?")]}, w.thread())

    assert "name='t1_a" in writer.prompts[1][-1].text
    assert out["answer"]["text"] == "A still costs 49.90. [1] B costs 49.9. [2]"
