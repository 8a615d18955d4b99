"""Conversations through the Agent Server, in the wire form of its SDK and of agent-chat-ui."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langgraph_sdk.client import SyncLangGraphClient

GRAPH = "support_desk"
ASKED = "I have a claim and want it settled"


@pytest.fixture(scope="module")
def served(serve: Callable[..., Any]) -> Any:
    """Start the server with no variable set and no network."""
    return serve()


@pytest.fixture(scope="module")
def client(served: Any) -> Iterator[SyncLangGraphClient]:
    """Connect to it."""
    with served.client() as client:
        yield client


@pytest.fixture
def thread(client: SyncLangGraphClient) -> str:
    """Open a thread."""
    return client.threads.create()["thread_id"]


def state_of(client: SyncLangGraphClient, thread: str) -> Any:
    """Return where a thread stands."""
    return client.threads.get_state(thread)


def waiting(client: SyncLangGraphClient, thread: str) -> list[str]:
    """Return the tools that wait for a person."""
    interrupts: Any = state_of(client, thread)["interrupts"]
    return [a["name"] for i in interrupts for a in i["value"]["action_requests"]]


def say(client: SyncLangGraphClient, thread: str, text: str) -> str:
    """Say something as agent-chat-ui does, and return the last words of the agent."""
    message = {"type": "human", "content": text}
    parts = client.runs.stream(
        thread,
        GRAPH,
        input={"messages": [message]},
        stream_mode=["values", "messages-tuple", "custom"],
        stream_subgraphs=True,
    )
    streamed: dict[str, str] = {}
    last: Any = None
    for part in parts:
        assert part.event != "error", part.data
        if part.event == "messages":
            chunk: Any = part.data[0]  # pyright: ignore[reportArgumentType]
            if chunk["type"] in ("ai", "AIMessageChunk"):
                streamed[chunk["id"]] = streamed.get(chunk["id"], "") + str(chunk["content"])
        if part.event == "values":
            last = part.data
    final = last["messages"][-1]
    # What was streamed of a message is the message.
    assert streamed.get(final["id"], final["content"]) == final["content"]
    return str(final["content"])


def test_a_question_an_approval_and_the_end(
    client: SyncLangGraphClient, served: Any, thread: str
) -> None:
    """The question is a message, its reply another one, and the approval the chat's own form."""
    assert say(client, thread, ASKED) == "Which claim is it?"
    assert waiting(client, thread) == []

    assert say(client, thread, "CLM-7700") == "Waiting for approval: Pay the claim."
    assert waiting(client, thread) == ["pay"]

    approve = {"decisions": [{"type": "approve"}]}
    output: Any = client.runs.wait(thread, GRAPH, command={"resume": approve})

    assert output["messages"][-1]["content"].startswith("The claim is paid.")
    assert len(served.calls("pay", "CLM-7700")) == 1


def test_a_change_of_mind_while_an_approval_waits(
    client: SyncLangGraphClient, served: Any, thread: str
) -> None:
    """A plain message takes it back: nothing waits, and nothing was paid."""
    say(client, thread, ASKED)
    say(client, thread, "CLM-7800")
    assert waiting(client, thread) == ["pay"]

    said = say(client, thread, "No, cancel it please")

    assert said == "Withdrawn, and not done: Pay the claim."
    assert waiting(client, thread) == []
    assert served.calls("pay", "CLM-7800") == []


def test_another_message_leaves_what_waits(client: SyncLangGraphClient, thread: str) -> None:
    """It has its own answer, which says what waits; the request can still be decided."""
    say(client, thread, ASKED)
    say(client, thread, "CLM-7900")

    say(client, thread, "What is the weather in Bern?")

    said = [m["content"] for m in state_of(client, thread)["values"]["messages"]]
    assert "Waiting for approval: Pay the claim." in said[-1] + said[-2]
    assert waiting(client, thread) == ["pay"]


def test_all_three_in_one_conversation_of_the_sdk(
    client: SyncLangGraphClient, served: Any, thread: str
) -> None:
    """A question, a change of mind, a question again and an approval, by `runs.wait` alone."""

    def wait(**given: Any) -> str:
        output: Any = client.runs.wait(thread, GRAPH, **given)
        return str(output["messages"][-1]["content"])

    def human(text: str) -> Any:
        return {"messages": [{"role": "user", "content": text}]}

    assert wait(input=human(ASKED)) == "Which claim is it?"
    assert wait(input=human("CLM-8100")) == "Waiting for approval: Pay the claim."
    assert wait(input=human("Never mind")) == "Withdrawn, and not done: Pay the claim."
    assert waiting(client, thread) == []
    assert wait(input=human(ASKED)) == "Which claim is it?"
    assert wait(input=human("CLM-8200")) == "Waiting for approval: Pay the claim."
    approve = {"decisions": [{"type": "approve"}]}
    assert wait(command={"resume": approve}).startswith("The claim is paid.")

    assert served.calls("pay", "CLM-8100") == []
    assert len(served.calls("pay", "CLM-8200")) == 1


def test_all_three_in_one_conversation_of_a_chat_client(
    client: SyncLangGraphClient, served: Any, thread: str
) -> None:
    """As agent-chat-ui holds it: streamed turns, and a resume without an interrupt's id."""
    assert say(client, thread, ASKED) == "Which claim is it?"
    assert say(client, thread, "CLM-8300") == "Waiting for approval: Pay the claim."
    assert say(client, thread, "No, cancel it") == "Withdrawn, and not done: Pay the claim."
    assert say(client, thread, ASKED) == "Which claim is it?"
    assert say(client, thread, "CLM-8400") == "Waiting for approval: Pay the claim."

    parts = client.runs.stream(
        thread,
        GRAPH,
        command={"resume": {"decisions": [{"type": "approve"}]}},
        stream_mode=["values"],
    )
    states: list[Any] = [part.data for part in parts if part.event == "values"]

    assert states[-1]["messages"][-1]["content"].startswith("The claim is paid.")
    assert served.calls("pay", "CLM-8300") == []
    assert len(served.calls("pay", "CLM-8400")) == 1


BOTH = "Please settle the claim {}. What is claim {} about?"


def test_two_requests_at_once_by_the_sdk(
    client: SyncLangGraphClient, served: Any, thread: str
) -> None:
    """The claim that is looked up is told at once, and not again after the approval."""
    message = {"role": "user", "content": BOTH.format("CLM-8500", "CLM-8600")}
    output: Any = client.runs.wait(thread, GRAPH, input={"messages": [message]})

    heard = output["messages"][-1]["content"]
    assert heard.startswith("The claim is of owner-of-CLM-8600. [1]\nWaiting for approval: ")
    assert waiting(client, thread) == ["pay", "send"]

    approve = {"decisions": [{"type": "approve"}, {"type": "approve"}]}
    output = client.runs.wait(thread, GRAPH, command={"resume": approve})

    assert "Paid with receipt R-owner-of-CLM-8500." in output["messages"][-1]["content"]
    assert "CLM-8600" not in output["messages"][-1]["content"]
    assert len(served.calls("pay", "CLM-8500")) == 1


def test_two_requests_at_once_in_a_chat_client(client: SyncLangGraphClient, thread: str) -> None:
    """What is streamed is the message: the answer, and what waits below it."""
    heard = say(client, thread, BOTH.format("CLM-8700", "CLM-8800"))

    assert heard.startswith("The claim is of owner-of-CLM-8800. [1]\nWaiting for approval: ")
    assert waiting(client, thread) == ["pay", "send"]
    assert say(client, thread, "Never mind").startswith("Withdrawn, and not done: ")
    assert waiting(client, thread) == []
