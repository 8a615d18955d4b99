"""Prepared answers: what the planner wrote before it knew the values stands if results carry it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pointsman import tool
from pointsman.testing import ScriptedModel

ORDERS = [
    {"id": "A1", "total": 10.0, "count": 3, "on": "2026-03-01", "customer": "Ann", "open": True},
    {"id": "B2", "total": 25.5, "count": 2, "on": "2026-05-11", "customer": "Bob", "open": False},
    {"id": "C3", "total": 7.25, "count": 10, "on": "2026-06-20", "customer": "Ann", "open": True},
]


@tool(effect="read", trust="internal")
async def orders() -> list[dict[str, Any]]:
    """List all orders."""
    return ORDERS


@tool(effect="read", trust="internal")
async def order(number: str) -> dict[str, Any]:
    """Look up one order."""
    return next(found for found in ORDERS if found["id"] == number)


@tool(effect="message", trust="internal", idempotency="key")
async def send_message(to: str, body: str) -> dict[str, Any]:
    """Send a message."""
    return {"sent": True}


@tool(effect="money", trust="internal", idempotency="key")
async def pay_back(to: str, amount: float) -> dict[str, Any]:
    """Pay back."""
    return {"ok": True}


TOOLS = [orders, order, send_message, pay_back]
UNATTENDED = '@id("test") permit(principal, action == Action::"callUnattended", resource);'


class Desk:
    """Runs one prepared plan; the writer has one sentence of its own, for what does not stand."""

    def __init__(self, bench: Any, folder: Path) -> None:
        self._bench = bench
        self._additions = [folder / "unattended.cedar"]
        self._additions[0].write_text(UNATTENDED)
        self.writer = ScriptedModel(replies=[{"sentences": []}] * 2)

    async def __call__(
        self, task: str, *steps: Any, answer: Any, thread: str = "t", **fields: Any
    ) -> Any:
        """Return what the run came to."""
        agent = self._bench.agent(
            {"steps": list(steps), "answer": answer, **fields},
            tools=TOOLS,
            models={"generator": self.writer},
            policy={"additions": self._additions},
        )
        return await agent.ainvoke({"task": task}, {"configurable": {"thread_id": thread}})


@pytest.fixture
def desk(bench: Any, tmp_path: Path) -> Desk:
    """Give a desk whose agent may do everything unattended."""
    return Desk(bench, tmp_path)


COMPUTED = {
    "sum of products": "f'The open orders come to {sum(o.total * o.count for o in t if o.open)}.'",
    "difference of sums": (
        'f\'Ann ordered {sum(o.total * o.count for o in t if o.customer == "Ann") '
        '- sum(o.total * o.count for o in t if o.customer == "Bob")} more.\''
    ),
    "average of some": "f'An open order is {round(avg(o.total for o in t if o.open), 2)} a piece.'",
    "median": "f'The median is {sorted(o.total for o in t)[len(t) // 2]}.'",
    "count of different": "f'{len(unique(o.customer for o in t))} customers have ordered.'",
    "days between": "f'A1 and B2 lie {days_between(t[0].on, t[1].on)} days apart.'",
    "a date": "f\"B2 came on {format_date(t[1].on, '%d %B %Y')}.\"",
    "a month on": "f'The time for B2 ended on {add_months(t[1].on, 1)}.'",
    "a share": "f'A1 is {round(100 * t[0].total / sum(o.total for o in t))}% of it.'",
    "groups": (
        "f\"{'; '.join(f'{g.key}: {sum(o.total * o.count for o in g.items)}' "
        "for g in group(t, key='customer'))}.\""
    ),
    "range": "f'Counts differ by {max(o.count for o in t) - min(o.count for o in t)}.'",
    "a factor of the request": "f'With 19% tax A1 is {round(t[0].total * 1.19, 2)}.'",
    "a part of a text": "f'The initials are {join(\"\", [o.customer[0] for o in t])}.'",
    "the best of all": "f'The dearest is {max(t, key=lambda o: o.total).id}.'",
    "a choice of results": "'A1 is open.' if t[0].open else 'A1 is closed.'",
}


@pytest.mark.parametrize("text", COMPUTED.values(), ids=COMPUTED)
async def test_what_an_expression_worked_out_stands(desk: Any, text: str) -> None:
    """It was computed exactly, from results, so nobody need find out again how; one call in all."""
    out = await desk("Tell me of the orders, with 19% tax.", "t = orders()", answer={"$": text})

    assert out["answer"]["status"] == "complete"
    assert out["usage"]["model_calls"] == 1
    assert "[1]" in out["answer"]["text"]


INVENTED = {
    "a number": "f'It comes to {500}.'",
    "an addend": "f'It comes to {t[0].total + 377}.'",
    "a factor": "f'It comes to {t[0].total * 1.37}.'",
    "a deadline": "f'It is due on {add_days(t[0].on, 30)}.'",
    "a default": "f'It costs {default(t[0].cost, 733)}.'",
    "a branch": "f\"It is {'Ritz 77' if len(t) > 0 else 'none'}.\"",
    "a list": "f\"They are {join(', ', [811, 812])}.\"",
    "a format": "f\"It came to {format_date(t[0].on, '433 EUR %d')}.\"",
    "a nested text": "f\"{join('; ', [f'{o.id} costs 951' for o in t])}.\"",
}


@pytest.mark.parametrize("text", INVENTED.values(), ids=INVENTED)
async def test_what_the_planner_put_into_an_expression_does_not(desk: Any, text: str) -> None:
    """A number of its own is as unfounded inside braces as outside of them."""
    out = await desk("What of the orders?", "t = orders()", answer={"$": text})

    assert text not in out["answer"]["text"]
    assert len(desk.writer.prompts) > 0
    for number in ("500", "387", "13.7", "2026-03-31", "733", "Ritz", "811", "433", "951"):
        assert number not in out["answer"]["text"]


async def test_what_a_model_said_is_not_worked_out(desk: Any, bench: Any) -> None:
    """A reason step's number is a draft, however exactly it is doubled."""
    thought = {"kind": "reason", "id": "guess", "prompt": "Guess.", "args": ["t"]}
    model = ScriptedModel(replies=[{"n": 4321}])
    agent = bench.agent(
        {
            "steps": ["t = orders()", {**thought, "output_schema": "{n: integer}"}],
            "answer": "f'It is {guess.n * 100}.'",
        },
        tools=TOOLS,
        models={"reasoner": model, "generator": desk.writer},
    )

    out = await agent.ainvoke({"task": "Guess"}, {"configurable": {"thread_id": "g"}})

    assert "432100" not in out["answer"]["text"]


CHEAPEST_TO_ANN = (
    "s = send_message(to='Ann', body=join(', ', [o.id for o in sorted(t, key='total')[:2]]))"
)
BODY = "'The meeting on Friday at 10:00 moves to room B12.'"


@pytest.mark.parametrize(
    ("task", "steps", "answer"),
    [
        pytest.param(
            "Send Ann the 10% difference for the March order.",
            ["t = orders()", "s = pay_back(to='Ann', amount=round(t[0].total * 0.1, 2))"],
            "I paid Ann the 10% difference for the March order.",
            id="a-share",
        ),
        pytest.param(
            "Send Ann the 10% difference for the March order.",
            ["t = orders()", "s = pay_back(to='Ann', amount=round(t[0].total * 0.1, 2))"],
            "f'I paid {round(t[0].total * 0.1, 2)} to Ann.'",
            id="a-computed-amount",
        ),
        pytest.param(
            "Send Ann the two cheapest orders.",
            [
                "t = orders()",
                CHEAPEST_TO_ANN,
            ],
            "I sent Ann the two cheapest orders.",
            id="a-count",
        ),
        pytest.param(
            "Send Ann and Bob word that the meeting on Friday at 10:00 moves to room B12.",
            [f"s = [send_message(to=n, body={BODY}) for n in ['Ann', 'Bob']]"],
            "I sent Ann and Bob a message that the meeting on Friday at 10:00 moves to room B12.",
            id="a-loop",
        ),
        pytest.param(
            "Send Ann the total of A1.",
            ["o = order(number='A1')", "s = send_message(to='Ann', body=f'It is {o.total}.')"],
            "f'I sent Ann the total of A1, {o.total}.'",
            id="a-value-told",
        ),
        pytest.param(
            f"Tell the customer of B2: {BODY}",
            ["o = order(number='B2')", f"s = send_message(to=o.customer, body={BODY})"],
            "f'I sent {o.customer} a message that the meeting on Friday at 10:00 moves.'",
            id="facts-of-the-deed-beside-a-value-read",
        ),
    ],
)  # fmt: skip
async def test_a_deed_is_told_with_the_facts_of_its_request(
    desk: Any, task: str, steps: list[str], answer: Any
) -> None:
    """Once, with the evidence of what was done, and without another call."""
    out = await desk(task, *steps, answer=answer)

    assert out["answer"]["status"] == "complete"
    assert "Done:" not in out["answer"]["text"]
    assert "[1]" in out["answer"]["text"]
    assert out["usage"]["model_calls"] == 1


@pytest.mark.parametrize(
    "answer",
    [
        "I sent Ann the three cheapest orders.",
        "I sent Bob the two cheapest orders.",
        "I paid Ann back.",
        "I sent Ann 20% of it.",
    ],
)
async def test_a_deed_that_was_not_done_so_is_not_told(desk: Any, answer: str) -> None:
    """The request's facts carry a deed only where it was done with them."""
    steps = [
        "t = orders()",
        CHEAPEST_TO_ANN,
    ]
    out = await desk("Send Ann the two cheapest orders.", *steps, answer=answer)

    assert answer.rstrip(".") not in out["answer"]["text"]


async def test_two_deeds_of_a_kind_are_each_told(desk: Any) -> None:
    """Where a sentence may mean either of two steps, the framework reports both."""
    steps = [f"{n} = send_message(to='{n.title()}', body='Hello.')" for n in ("ann", "bob")]

    out = await desk("Greet Ann and Bob.", *steps, answer="I sent Ann a message.")

    assert out["answer"]["text"].count("Done:") == 2


TRIVIAL = {
    "one read": (["o = order(number='A1')"], "f'{o.id} is {o.total}.'"),
    "two reads side by side": (
        ["a = order(number='A1')", "b = order(number='B2')"],
        "f'They come to {a.total + b.total}.'",
    ),
    "a list": (["t = orders()"], "f'There are {count(t)} orders.'"),
    "a read of a read": (["t = orders()", "o = order(number=t[0].id)"], "f'It is {o.total}.'"),
    "a loop of reads": (
        ["t = orders()", "each = [order(number=o.id) for o in t]"],
        "f'They come to {sum(o.total for o in each)}.'",
    ),
    "a condition": (
        ["o = order(number='A1')", "if o.open: b = order(number='B2')"],
        {"$": "f'B2 is {b.total}.' if has(b) else f'{o.id} is closed.'"},
    ),
    "a condition that is false": (
        ["o = order(number='B2')", "if o.open: b = order(number='A1')"],
        {"$": "f'A1 is {b.total}.' if has(b) else f'{o.id} is closed.'"},
    ),
    "an empty loop": (
        ["t = orders()", "each = [order(number=o.id) for o in t if o.total > 999]"],
        "f'{count(each)} orders are above 999.'",
    ),
}


@pytest.mark.parametrize(("steps", "answer"), TRIVIAL.values(), ids=TRIVIAL)
async def test_looking_up_and_answering_costs_a_plan_and_an_answer(
    desk: Any, bench: Any, steps: list[str], answer: Any
) -> None:
    """With a prepared answer one model call, else two: what looks up data asks no model."""
    prepared = await desk("What of those above 999?", *steps, answer=answer, thread="p")
    sentence = {"text": "I have looked.", "cites": [steps[0].partition(" ")[0]]}
    writer = ScriptedModel(replies=[{"sentences": [sentence]}])
    agent = bench.agent({"steps": steps}, tools=TOOLS, models={"generator": writer})
    written = await agent.ainvoke({"task": "Look"}, {"configurable": {"thread_id": "w"}})

    assert prepared["answer"]["status"] == "complete"
    assert prepared["usage"]["model_calls"] == 1
    assert written["answer"]["text"].startswith("I have looked.")
    assert written["usage"]["model_calls"] == 2


async def test_a_look_does_not_repeat_what_was_looked_up(desk: Any, bench: Any) -> None:
    """Independent reads run before the look, once each; asked again, the planner has them all."""
    first = {
        "steps": [{"id": i.lower(), "tool": "look", "args": {"item": i}} for i in "ABC"],
        "then_plan": "Which of them to open.",
    }
    again = {"steps": [first["steps"][0], "d = look(item='D')"], "answer": "f'It is {d.total}.'"}
    agent = bench.agent(first, again)

    out = await agent.ainvoke({"task": "Look"}, {"configurable": {"thread_id": "l"}})

    assert bench.count("look") == 4
    assert out["usage"]["model_calls"] == 2
    assert out["answer"]["status"] == "complete"


@pytest.mark.parametrize("said", ["7.25", "8.25"])
async def test_a_model_that_read_a_loop_is_carried_by_what_its_items_brought(
    desk: Any, bench: Any, said: str
) -> None:
    """A draft over looked-up items holds what they hold, and nothing else that it says."""
    agent = bench.agent(
        {
            "steps": [
                "t = [order(number=n) for n in ['A1', 'C3']]",
                "s = reason('Sum them up.', t) -> {text}",
            ],
            "answer": "f'{s.text}'",
        },
        tools=TOOLS,
        models={
            "reasoner": ScriptedModel(replies=[{"text": f"Order C3 costs {said}."}]),
            "generator": desk.writer,
        },
    )

    await agent.ainvoke({"task": "Sum up A1 and C3"}, {"configurable": {"thread_id": "l"}})

    assert (not desk.writer.prompts) is (said == "7.25")


@pytest.mark.parametrize("said", ["7.25", "8.25"])
async def test_what_models_said_of_items_is_carried_by_what_the_items_were_made_of(
    desk: Any, bench: Any, said: str
) -> None:
    """A model over a loop of models reads what the first ones were given."""
    replies = [{"text": f"It costs {said}."}] * 3
    agent = bench.agent(
        {
            "steps": [
                "t = orders()",
                "e = [reason('What does it cost?', o) -> {text} for o in t if o.id == 'C3']",
                "s = reason('Sum them up.', e) -> {text}",
            ],
            "answer": "f'{s.text}'",
        },
        tools=TOOLS,
        models={"reasoner": ScriptedModel(replies=replies), "generator": desk.writer},
    )

    await agent.ainvoke({"task": "Sum up the orders"}, {"configurable": {"thread_id": "m"}})

    assert (not desk.writer.prompts) is (said == "7.25")


async def test_a_sentence_of_a_branch_rests_on_what_the_branch_read(desk: Desk) -> None:
    """Its condition read how things are, and the step that must have run did what it tells."""
    first = {"id": "all", "kind": "tool", "tool": "orders"}
    sent = {
        "id": "sent",
        "kind": "tool",
        "tool": "send_message",
        "args": {"to": "Ann", "body": "7.25 is open"},
        "when": "any(o.total == 7.25 and o.open for o in all)",
    }
    other = {"id": "one", "kind": "tool", "tool": "order", "args": {"number": "B2"}}
    text = "An order of 7.25 is open. B2 comes to {one.total}."

    out = await desk(
        "Tell Ann of small orders", first, sent, other, answer=[{"text": text, "when": "sent"}]
    )

    assert "An order of 7.25 is open" in out["messages"][-1].text
    assert not desk.writer.prompts


async def test_a_draft_that_a_call_was_given_is_told_as_it_was_given(desk: Desk) -> None:
    """Its numbers are those of what was sent: no evidence besides need hold them."""
    draft = {"id": "letter", "kind": "draft", "prompt": "Three activities.", "args": {}}
    sent = {
        "id": "sent",
        "kind": "tool",
        "tool": "send_message",
        "args": {"to": "Ann", "body": {"$from": "letter", "path": "text"}},
    }
    desk.writer = ScriptedModel(replies=[{"text": "Activity 6: Volunteer Day"}])

    out = await desk("Suggest activities to Ann", draft, sent, answer="I sent Ann:\n{letter.text}")

    assert "Activity 6: Volunteer Day" in out["messages"][-1].text
    assert len(desk.writer.prompts) == 1, "only the draft is a model's"
