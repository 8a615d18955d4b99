"""Plans from playbooks: arguments filled in, parts merged, and refusals in words."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from pointsman.errors import EndpointError
from pointsman.planners.playbook import MAX_CHARACTERS, PlaybookPlanner
from pointsman.planners.protocols import Declined, PlanRequest, Waits
from pointsman.planners.template import Playbook
from pointsman.state.checks import check_plan
from pointsman.state.plan import Plan
from pointsman.state.run import Run
from pointsman.state.schedule import chains
from pointsman.state.task import Attachment, Task, Utterance
from pointsman.state.values import JsonObject

Ask = Callable[[str], PlanRequest]

REFUND = "Please refund the broken kettle from order ord-1001."
STATUS = "Where is order ORD-1003?"


async def planned(planner: PlaybookPlanner, request: PlanRequest) -> Plan:
    """Return the plan, which must exist and keep the rules of plans."""
    plan = await planner.plan(request)
    assert isinstance(plan, Plan), plan
    check_plan(plan)
    return plan


async def declined(planner: PlaybookPlanner, request: PlanRequest) -> Declined:
    """Return the refusal, which must exist."""
    answer = await planner.plan(request)
    assert isinstance(answer, Declined), answer
    return answer


async def test_arguments_are_filled_in(planner: PlaybookPlanner, ask: Ask) -> None:
    """The order number is taken from the text, in the form that tools expect."""
    plan = await planned(planner, ask(REFUND))

    assert plan.step("order").args == {"order_id": "ORD-1001", "item": "kettle"}
    assert plan.step("refund").args["amount"] == {"$from": "order", "path": "claim.amount"}


async def test_a_plan_says_where_it_comes_from(planner: PlaybookPlanner, ask: Ask) -> None:
    """Planner, reason, allowlist and taint are set."""
    plan = await planned(planner, ask(STATUS))

    assert plan.planner == "playbook:order_status"
    assert "order_status fits with 1.00: like “Where is order ORD-1003”" in plan.reason
    assert plan.tools == ("get_order",)
    assert plan.taint == ()


async def test_an_optional_argument_may_be_absent(planner: PlaybookPlanner, ask: Ask) -> None:
    """What depends on an argument that was not given is left out."""
    plan = await planned(planner, ask("My order ORD-1001 arrived damaged, I want a refund"))

    assert plan.step("order").args == {"order_id": "ORD-1001"}


async def test_two_requests_run_side_by_side(planner: PlaybookPlanner, ask: Ask) -> None:
    """Both halves of a message are planned, and neither waits for the other."""
    plan = await planned(planner, ask("What is your return policy and where is order ORD-1003?"))

    assert plan.planner == "playbook:policy_question+order_status"
    assert chains(plan, {}) == (("q1_policy",), ("q2_order",))
    assert [sentence.cites for sentence in plan.answer] == [("q1_policy",), ("q2_order",)]
    assert plan.step("q1_policy").args["query"] == "What is your return policy"


async def test_references_follow_their_steps(planner: PlaybookPlanner, ask: Ask) -> None:
    """In a merged plan a reference stays within its own playbook."""
    plan = await planned(planner, ask(f"{REFUND} {STATUS}"))

    assert plan.step("q1_refund").needs() == {"q1_order", "q1_policy"}
    assert plan.step("q2_order").args == {"order_id": "ORD-1003"}


async def test_one_playbook_may_be_used_twice(planner: PlaybookPlanner, ask: Ask) -> None:
    """Two orders in two requests are two lookups; the same request twice is one."""
    two = await planned(planner, ask("Where is ORD-1003 and where is ORD-1011?"))
    one = await planned(planner, ask(f"{STATUS} {STATUS}"))

    assert [step.args["order_id"] for step in two.steps] == ["ORD-1003", "ORD-1011"]
    assert len(one.steps) == 1


async def test_what_happened_is_no_second_request(planner: PlaybookPlanner, ask: Ask) -> None:
    """Greetings and a story around one request leave it one request."""
    text = "Hi there! I bought it as a present for my sister. I have order ORD-1003. Where is it?"
    plan = await planned(planner, ask(f"{text} Thanks, Maria"))

    assert [step.args for step in plan.steps] == [{"order_id": "ORD-1003"}]


async def test_a_request_may_point_back(planner: PlaybookPlanner, ask: Ask) -> None:
    """An "it" takes the order number from the sentence before."""
    plan = await planned(
        planner, ask("What is the status of ORD-1001? It arrived broken, please refund it.")
    )

    assert plan.step("q2_order").args == {"order_id": "ORD-1001"}


@pytest.mark.parametrize(
    "text",
    [
        "Where is ORD-1003 and delete my account",
        "Where is ORD-1003? Give me a voucher of 50 dollars.",
        "Do not refund the broken kettle from order ORD-1001",
        "Refund 20 dollars for the broken kettle from order ORD-1001",
        "Refund order ORD-1001",
        "",
        "thanks!",
        "\x00\x01",
        "🙂" * 50,
        "and " * 500,
    ],
)
async def test_half_a_fit_is_no_fit(planner: PlaybookPlanner, ask: Ask, text: str) -> None:
    """A message that no playbook serves as a whole is declined, with what could be done instead."""
    answer = await declined(planner, ask(text))

    assert answer.reason
    assert len(answer.can_do) == 8
    assert answer.missing == ()


async def test_a_missing_argument_is_named(planner: PlaybookPlanner, ask: Ask) -> None:
    """Where a playbook fits and an argument is not given, the refusal asks for it."""
    answer = await declined(planner, ask("Please refund the broken kettle."))

    assert answer.missing == ("the order number (ORD- and four digits)",)
    assert "refund_damaged_item fits" in answer.reason


async def test_another_request_does_not_lend_its_argument(
    planner: PlaybookPlanner, ask: Ask
) -> None:
    """An order number given for one request is not used for the other."""
    answer = await declined(planner, ask("Refund the damaged mug and where is ORD-1003?"))

    assert answer.missing == ("the order number (ORD- and four digits)",)


async def test_two_candidates_are_a_question(planner: PlaybookPlanner, ask: Ask) -> None:
    """Two order numbers for one argument are not chosen between."""
    answer = await declined(
        planner, ask("Please refund the damaged item in order ORD-1001 (or was it order ORD-1002)")
    )

    [missing] = answer.missing
    assert "ORD-1001 and ORD-1002" in missing


async def test_attachments_give_no_arguments(planner: PlaybookPlanner, ask: Ask) -> None:
    """An order number in a file is not the user's word."""
    request = ask("Please refund the broken kettle.")
    task = Task(
        text=request.task.text, attachments=(Attachment(name="ORD-1001.txt", payload="0" * 64),)
    )
    answer = await declined(planner, replace(request, task=task))

    assert answer.missing == ("the order number (ORD- and four digits)",)


async def test_there_is_no_second_plan(planner: PlaybookPlanner, ask: Ask) -> None:
    """A playbook that did not work out is not tried again."""
    plan = await planned(planner, ask(STATUS))
    answer = await declined(planner, replace(ask(STATUS), previous=plan, version=2))

    assert answer.reason == "A playbook has no second plan."


async def test_tools_must_be_permitted(planner: PlaybookPlanner, ask: Ask) -> None:
    """A playbook whose tools the principal may not use is declined before anything runs."""
    request = ask(REFUND)
    tools = [tool for tool in request.tools if tool.name != "issue_refund"]
    answer = await declined(planner, replace(request, tools=tools))

    assert answer.reason == "This task may not use issue_refund."


async def test_a_long_text_is_declined_at_once(planner: PlaybookPlanner, ask: Ask) -> None:
    """A megabyte of text is not compared with anything."""
    answer = await declined(planner, ask(STATUS * 40_000))

    assert str(MAX_CHARACTERS) in answer.reason


@pytest.mark.parametrize(
    "piece",
    ["a", "a.b+", "1,", "@", " ", "where is. ", "and where is ord-1001 ", "the damaged ", "x@y."],
)
def test_hostile_texts_are_read_quickly(planner: PlaybookPlanner, piece: str) -> None:
    """The longest text of any shape is read in less time than a model call would take."""
    started = time.perf_counter()
    planner.read((piece * MAX_CHARACTERS)[:MAX_CHARACTERS])

    assert time.perf_counter() - started < 1.0


class Scripted:
    """An extractor that proposes what it is told to."""

    def __init__(self, proposal: JsonObject | EndpointError) -> None:
        self.proposal = proposal
        self.schemas: list[JsonObject] = []

    async def __call__(
        self, schema: JsonObject, text: str, *, run: Run, data_class: tuple[str, ...]
    ) -> JsonObject:
        """Return the proposal, or fail."""
        self.schemas.append(schema)
        if isinstance(self.proposal, EndpointError):
            raise self.proposal
        return self.proposal


NAMED = "Show the orders of customer Aiko Tanaka"


def named(playbooks: tuple[Playbook, ...], extractor: Scripted) -> PlaybookPlanner:
    """Return a planner whose order history takes any name, which no pattern finds."""
    [history] = [playbook for playbook in playbooks if playbook.name == "order_history"]
    customer = history.arguments["customer"].model_copy(update={"pattern": ""})
    changed = history.model_copy(update={"arguments": {"customer": customer}})
    return PlaybookPlanner([changed], extractor=extractor)


async def test_a_model_fills_in_what_no_pattern_finds(
    playbooks: tuple[Playbook, ...], ask: Ask
) -> None:
    """A proposal that stands in the text is taken; its schema bounds what may be written."""
    extractor = Scripted({"customer": "aiko  tanaka"})
    plan = await planned(named(playbooks, extractor), ask(NAMED))

    assert plan.step("history").args == {"customer": "aiko tanaka"}
    assert extractor.schemas[0]["properties"]["customer"]["maxLength"] == 200


@pytest.mark.parametrize("proposal", ["Maria Keller", "Tan", "", None, ["Aiko Tanaka"]])
async def test_what_a_model_makes_up_is_rejected(
    playbooks: tuple[Playbook, ...], ask: Ask, proposal: object
) -> None:
    """A proposal that does not stand in the text counts as nothing."""
    answer = await declined(named(playbooks, Scripted({"customer": proposal})), ask(NAMED))

    assert len(answer.missing) == 1


async def test_a_failing_model_is_reported(playbooks: tuple[Playbook, ...], ask: Ask) -> None:
    """The refusal says why the model was of no help."""
    extractor = Scripted(EndpointError("It is down.", failure="connection"))
    answer = await declined(named(playbooks, extractor), ask(NAMED))

    assert "It is down." in answer.reason


def _after(request: PlanRequest, answer: str) -> PlanRequest:
    said = (Utterance(speaker="user", text="Hi."), Utterance(speaker="assistant", text=answer))
    return replace(request, task=request.task.model_copy(update={"conversation": said}))


async def test_a_reply_to_a_question_is_left_to_who_reads_the_conversation(
    playbooks: tuple[Playbook, ...], ask: Ask
) -> None:
    """Alone it says something else: here, it would be answered with the state of the order."""
    planner = PlaybookPlanner(playbooks, defers=lambda: True)
    reply = "It's order ORD-1003. Where things stand: one arrived broken."

    await declined(planner, _after(ask(reply), "What is wrong, and which order is it?"))


async def test_a_question_is_no_reply_to_a_question(
    playbooks: tuple[Playbook, ...], ask: Ask
) -> None:
    """It stands for itself, and its playbook costs no model call."""
    planner = PlaybookPlanner(playbooks, defers=lambda: True)

    await planned(planner, _after(ask(STATUS), "Is there anything else?"))


async def test_what_may_change_a_waiting_request_is_left_to_who_sees_it(
    playbooks: tuple[Playbook, ...], ask: Ask
) -> None:
    """A second refund beside the first is not what `refund the mugs instead` means."""
    planner = PlaybookPlanner(playbooks, defers=lambda: True)
    waits = Waits(id="a1", words="Refund it", tool="issue_refund", args={})

    await declined(
        planner,
        replace(ask("Could you refund the broken kettle from order ORD-1001?"), waits=(waits,)),
    )
    await planned(planner, replace(ask(STATUS), waits=(waits,)))


async def test_without_a_model_playbooks_do_what_they_can(
    planner: PlaybookPlanner, ask: Ask
) -> None:
    """Nobody else would read the conversation."""
    await planned(planner, _after(ask(REFUND), "Which order is it?"))
