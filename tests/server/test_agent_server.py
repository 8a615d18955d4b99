"""The graph as `langgraph dev` serves it, through the SDK that Studio and chat interfaces use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from langgraph_sdk.client import SyncLangGraphClient

GRAPH = "support_desk"
"""The graph's name in langgraph.json; the agent behind it is the tests' own desk."""
APPROVE = {"type": "approve"}
BOTH = {"decisions": [APPROVE, APPROVE]}
numbers = count(1)


@pytest.fixture(scope="module")
def served(serve: Callable[..., Any]) -> Any:
    """Start the server with no variable set and no network."""
    return serve()


@pytest.fixture(scope="module")
def client(served: Any) -> Iterator[SyncLangGraphClient]:
    """Connect to it."""
    with served.client() as client:
        yield client


@dataclass(kw_only=True)
class Claim:
    """A thread that settles a claim of its own."""

    client: SyncLangGraphClient
    served: Any
    number: str = field(default_factory=lambda: f"CLM-{next(numbers)}00")
    thread: str = ""

    def __post_init__(self) -> None:
        self.thread = self.client.threads.create()["thread_id"]

    def start(self, **options: Any) -> dict[str, Any]:
        """Ask to settle the claim, and return the output."""
        return self.run(input={"task": f"Settle claim {self.number}"}, **options)

    def resume(self, value: Any) -> dict[str, Any]:
        """Resume with what somebody sent."""
        return self.run(command={"resume": value})

    def run(self, **options: Any) -> dict[str, Any]:
        """Run the graph in the thread to its end or its next pause."""
        output: Any = self.client.runs.wait(self.thread, GRAPH, **options)
        return output

    @property
    def interrupts(self) -> list[Any]:
        """Return what the thread waits for."""
        state: Any = self.client.threads.get_state(self.thread)
        return list(state["interrupts"])

    def checkpoint(self, node: str) -> str:
        """Return the checkpoint from which a node was first run."""
        history: Any = self.client.threads.get_history(self.thread, limit=50)
        return [s for s in history if node in s["next"]][-1]["checkpoint"]["checkpoint_id"]

    @property
    def made(self) -> tuple[int, int]:
        """Return how many payments and messages there are about this claim."""
        about = f"owner-of-{self.number}"
        return len(self.served.calls("pay", about)), len(self.served.calls("send", about))


def settled(claim: Claim) -> str:
    """Return the answer to a settled claim: the playbook's sentence, and what else was done."""
    return f"Paid with receipt R-owner-of-{claim.number}. [1] Done: Tell the owner. [2]"


@pytest.fixture
def claim(client: SyncLangGraphClient, served: Any) -> Claim:
    """Open a thread about a new claim."""
    return Claim(client=client, served=served)


@pytest.fixture(scope="module")
def pool(client: SyncLangGraphClient, served: Any) -> Iterator[Claim]:
    """Give claims that wait; they were started side by side, which is quicker."""
    claims = [Claim(client=client, served=served) for _ in range(13)]
    runs = [
        client.runs.create(claim.thread, GRAPH, input={"task": f"Settle claim {claim.number}"})
        for claim in claims
    ]
    for claim, run in zip(claims, runs, strict=True):
        client.runs.join(claim.thread, run["run_id"])
    return iter(claims)


@pytest.fixture
def waiting(pool: Iterator[Claim]) -> Claim:
    """Take a claim that waits for a person and that no other test has."""
    return next(pool)


@pytest.fixture(scope="module")
def stubborn(pool: Iterator[Claim]) -> Claim:
    """Take one claim for all decisions that are refused."""
    return next(pool)


@pytest.fixture(scope="module")
def finished(pool: Iterator[Claim]) -> Claim:
    """Take one claim, approve it, and let it finish."""
    claim = next(pool)
    claim.resume(BOTH)
    return claim


def test_it_says_once_that_nobody_needs_a_token(served: Any) -> None:
    """A developer is not asked for a keyring, and is told."""
    assert served.log.count("No authentication") == 1


def test_schemas_and_context_form_can_be_read(client: SyncLangGraphClient) -> None:
    """Studio builds its input form and its settings form from them."""
    [assistant] = client.assistants.search()
    schemas: Any = client.assistants.get_schemas(assistant["assistant_id"])

    assert set(schemas["input_schema"]["properties"]) == {"messages", "task", "attachments"}
    assert {"answer", "results", "usage"} <= set(schemas["output_schema"]["properties"])
    assert {"plan", "run"} <= set(schemas["state_schema"]["properties"])
    assert set(schemas["context_schema"]["properties"]) == {
        "budget_usd", "budget_tokens", "deadline_seconds", "max_turns", "autonomy", "latency",
        "effect_scope", "instructions", "questions",
    }  # fmt: skip


def test_the_drawn_graph_shows_the_inside_of_the_lane(client: SyncLangGraphClient) -> None:
    """Retry and the gate are edges that can be seen."""
    drawn: Any = client.assistants.get_graph(GRAPH, xray=True)
    edges = {(edge["source"], edge["target"]) for edge in drawn["edges"]}

    assert {"lane:route", "lane:act", "lane:verify"} <= {node["id"] for node in drawn["nodes"]}
    assert {("lane:verify", "lane:route"), ("plan", "gate"), ("gate", "plan")} <= edges


def test_a_chat_message_is_answered(client: SyncLangGraphClient) -> None:
    """Chat interfaces send messages and read the last one."""
    message = {"role": "user", "content": "Show me claim CLM-1"}
    output: Any = client.runs.wait(None, GRAPH, input={"messages": [message]})

    assert output["messages"][-1]["content"] == "The claim is of owner-of-CLM-1. [1]"
    assert output["answer"]["status"] == "complete"


def test_two_waiting_steps_are_one_interrupt(waiting: Claim) -> None:
    """Both are asked for in one request, nothing has run, and the thread says that it waits."""
    [interrupt] = waiting.interrupts
    asked = interrupt["value"]["action_requests"]

    owner = f"owner-of-{waiting.number}"
    assert [(action["name"], action["args"]["to"]) for action in asked] == [
        ("pay", owner), ("send", owner)
    ]  # fmt: skip
    assert len(interrupt["value"]["review_configs"]) == 2
    assert waiting.client.threads.get(waiting.thread)["status"] == "interrupted"
    assert waiting.made == (0, 0)


FORMS: dict[str, tuple[Any, dict[str, str]]] = {
    "decisions": ({"decisions": [APPROVE, {"type": "reject", "message": "No."}]},
                  {"pay": "accepted", "tell": "rejected"}),
    "respond": ({"decisions": [{"type": "respond", "message": "Later."}, APPROVE]},
                {"pay": "rejected", "tell": "accepted"}),
    "bare-decision": (APPROVE, {"pay": "accepted", "tell": "waiting"}),
    "older-list": ([{"type": "accept", "args": None}, {"type": "ignore", "args": None}],
                   {"pay": "accepted", "tell": "rejected"}),
    "agent-inbox-respond": ([{"type": "response", "args": "Call them first."}],
                            {"pay": "rejected", "tell": "waiting"}),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_decision_is_taken(form: str, waiting: Claim) -> None:
    """What is approved runs once, what is declined does not, what is left out is asked again."""
    value, expected = FORMS[form]

    output = waiting.resume(value)

    assert {step: output["results"][step]["status"] for step in expected} == expected
    assert waiting.made == tuple(int(status == "accepted") for status in expected.values())
    assert len(waiting.interrupts) == int("waiting" in expected.values())


def test_a_decision_keyed_by_interrupt_id_is_taken(waiting: Claim) -> None:
    """Clients that name the interrupt are understood."""
    [interrupt] = waiting.interrupts

    output = waiting.resume({interrupt["id"]: BOTH})

    assert output["answer"]["text"] == settled(waiting)
    assert waiting.made == (1, 1)


@pytest.mark.parametrize("form", ["decisions", "older-list"])
def test_an_edit_runs_the_new_arguments_only(form: str, waiting: Claim) -> None:
    """The edited payment is made; the one first asked for is not."""
    args = {"to": f"owner-of-{waiting.number}", "amount": 25.0}
    edit = {
        "decisions": {"type": "edit", "edited_action": {"name": "pay", "args": args}},
        "older-list": {"type": "edit", "args": {"action": "pay", "args": args}},
    }[form]

    output = waiting.resume([edit, APPROVE])

    assert output["answer"]["status"] == "complete"
    assert waiting.served.calls("pay", waiting.number) == [args]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"decisions": [APPROVE, {"type": "perhaps"}]}, id="second-one-unknown"),
        pytest.param({"decisions": [APPROVE] * 3}, id="too-many"),
        pytest.param([{"type": "edit", "args": {"action": "send", "args": {}}}], id="other-tool"),
        pytest.param("go ahead", id="text"),
    ],
)
def test_a_malformed_decision_is_asked_for_again(value: Any, stubborn: Claim) -> None:
    """It is refused as a whole, with the reason."""
    stubborn.resume(value)

    [interrupt] = stubborn.interrupts
    assert interrupt["value"]["pointsman"]["error"]
    assert len(interrupt["value"]["action_requests"]) == 2
    assert stubborn.made == (0, 0)


def test_a_good_decision_is_taken_after_a_malformed_one(waiting: Claim) -> None:
    """The thread stays usable."""
    waiting.resume({"decisions": "yes"})

    assert waiting.resume(BOTH)["answer"]["status"] == "complete"
    assert waiting.made == (1, 1)


def granting(*claims: Claim, **grant: Any) -> dict[str, Any]:
    """Approve the payment that waits, and further ones to the owners of these claims."""
    owners = [f"owner-of-{claim.number}" for claim in claims]
    return {**APPROVE, "grant": {"one_of": {"to": owners}, **grant}}


def test_an_approval_grants_further_calls(client: SyncLangGraphClient, served: Any) -> None:
    """Two more payments run without asking, in threads of their own; the third one asks again."""
    claims = [Claim(client=client, served=served) for _ in range(4)]
    claims[0].start()

    claims[0].resume({"decisions": [granting(*claims, uses=2), APPROVE]})
    for claim in claims[1:]:
        claim.start()

    asked = [
        [action["name"] for action in claim.interrupts[0]["value"]["action_requests"]]
        for claim in claims[1:]
    ]
    assert claims[0].made == (1, 1)
    assert asked == [["send"], ["send"], ["pay", "send"]]
    assert [claim.made for claim in claims[1:]] == [(1, 0), (1, 0), (0, 0)]


@pytest.mark.parametrize(
    ("grant", "field"),
    [
        pytest.param({"uses": 0}, "grant.uses", id="no-use"),
        pytest.param({"uses": 2, "until": "friday"}, "grant.until", id="unknown-field"),
        pytest.param({"uses": 2, "at_most": {"tip": 5}}, "grant.at_most", id="unknown-argument"),
    ],
)
def test_a_grant_that_makes_no_sense_decides_nothing(
    grant: dict[str, Any], field: str, stubborn: Claim
) -> None:
    """The approval beside it is not taken either, and the error names the field."""
    stubborn.resume({"decisions": [granting(stubborn, **grant), APPROVE]})

    [interrupt] = stubborn.interrupts
    error = interrupt["value"]["pointsman"]["error"]
    assert error.startswith("decisions.")
    assert f".{field}" in error
    assert stubborn.made == (0, 0)


@pytest.mark.parametrize("node", ["__start__", "normalize", "plan", "lane", "gate"])
def test_a_fork_repeats_no_effect(node: str, finished: Claim) -> None:
    """A run from an earlier checkpoint gives the recorded answer and calls no tool again."""
    again = finished.run(input=None, checkpoint_id=finished.checkpoint(node))

    assert again["answer"]["text"] == settled(finished)
    assert finished.made == (1, 1)
    assert len(finished.served.calls("find_claim", f'"{finished.number}"')) == 1


def test_a_fork_with_changed_state_repeats_no_effect(finished: Claim) -> None:
    """What Studio does to edit and fork: write a node's output anew and run on from there."""
    forked: Any = finished.client.threads.update_state(
        finished.thread, {"turns": 0}, as_node="lane", checkpoint_id=finished.checkpoint("gate")
    )

    again = finished.run(input=None, checkpoint_id=forked["checkpoint"]["checkpoint_id"])

    assert again["answer"]["status"] == "complete"
    assert finished.made == (1, 1)


def test_a_copied_thread_repeats_no_effect(finished: Claim) -> None:
    """A copy of a thread goes on with the same run."""
    earlier = finished.checkpoint("gate")
    copied: Any = finished.client.threads.copy(finished.thread)
    copy = replace(finished)
    copy.thread = copied["thread_id"]

    again = copy.run(input=None, checkpoint_id=earlier)

    assert again["answer"]["status"] == "complete"
    assert finished.made == (1, 1)


def test_a_new_effect_scope_asks_and_acts_anew(waiting: Claim) -> None:
    """It is the explicit way to let effects happen again, and needs approvals of its own."""
    waiting.resume(BOTH)

    first = waiting.checkpoint("__start__")
    waiting.run(input=None, checkpoint_id=first, context={"effect_scope": "again"})

    assert len(waiting.interrupts) == 1
    assert waiting.made == (1, 1)
    waiting.resume(BOTH)
    assert waiting.made == (2, 2)


def test_progress_is_streamed(claim: Claim) -> None:
    """The custom stream tells what is planned, dispatched, done and waiting, lanes included."""
    parts = claim.client.runs.stream(
        claim.thread,
        GRAPH,
        input={"task": f"Settle claim {claim.number}"},
        stream_mode="custom",
        stream_subgraphs=True,
    )
    events = [part.data["event"] for part in parts if part.event.startswith("custom")]

    assert events[:4] == ["run_started", "planned", "drawn", "dispatched"]
    assert events.count("step_finished") == 1
    assert events.count("waiting") == 2


def test_context_limits_the_run(claim: Claim) -> None:
    """A limit from the context form ends the run, and the output says why."""
    output = claim.start(context={"deadline_seconds": 0.001})

    assert output["stop"]["reason"] == "deadline"
    assert claim.made == (0, 0)


def test_an_empty_task_leaves_the_thread_usable(claim: Claim) -> None:
    """The error names the field, and the next run works."""
    output = claim.run(input={"task": " "}, raise_error=False)

    assert output["__error__"]["message"].startswith("task: There is no task.")
    claim.start()
    assert len(claim.interrupts) == 1


def test_the_guides_example_runs(served: Any) -> None:
    """The Python of docs/studio.md starts a run, reads what waits, and approves it."""
    guide = (Path(__file__).parents[2] / "docs/studio.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    code = code.replace("http://127.0.0.1:2024", served.url)
    code = re.sub(r'^task = ".*"$', 'task = "Settle claim CLM-99"', code, flags=re.MULTILINE)

    exec(compile(code, "docs/studio.md", "exec"), {})  # noqa: S102 - our own guide

    assert len(served.calls("pay", "owner-of-CLM-99")) == 1
