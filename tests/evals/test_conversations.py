"""Conversations, held by scripted models through the real graph and the support desk's tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from pointsman import Settings, build_agent, open_store
from pointsman.errors import ConfigError
from pointsman.evals.conversations import (
    CONVERSATIONS,
    Conversation,
    HeldTurn,
    SpokenTurn,
    hold,
    load_conversations,
)
from pointsman.evals.dataset import SUPPORT_DESK
from pointsman.state.answer import AnswerStatus
from pointsman.testing import ScriptedModel

DESK = Path(__file__).parents[2] / "examples" / "support_desk"
LOADED = load_conversations()


@pytest.mark.parametrize("conversation", LOADED.conversations, ids=lambda c: c.id)
async def test_a_conversation_is_held_as_it_should(
    conversation: Conversation, tmp_path: Path
) -> None:
    """What the user reads, what waits for a person and what each turn costs."""
    home = tmp_path / "home"
    home.mkdir()
    models = {role: ScriptedModel(replies=conversation.replies(role)) for role in ("planner",)}
    writer = ScriptedModel(replies=conversation.replies("writer"))
    async with open_store(home / "pointsman.db") as store:
        agent = build_agent(
            Settings.load(
                DESK, home=home, playbooks=None, instructions=LOADED.instructions, principal={
                    "id": "local", "scopes": ["refunds:write", "accounts:write", "messages:send"]
                },
            ),
            models={"planner": models["planner"], "generator": writer},
            checkpointer=InMemorySaver(),
            store=store,
        )  # fmt: skip
        held = [turn async for turn in hold(conversation, agent, store)]

    assert [t.problems(e) for t, e in zip(held, conversation.turns, strict=True)] == [
        [] for _ in held
    ]
    models["planner"].assert_complete()
    writer.assert_complete()
    assert not any("{" in turn.text or "pointsman" in turn.text for turn in held)


@pytest.mark.parametrize("file", [CONVERSATIONS, SUPPORT_DESK], ids=lambda file: Path(file).stem)
def test_a_dataset_says_which_forms_an_answer_has(file: Path) -> None:
    """The list at its head is whole: whoever adds a form finds it there."""
    head = Path(file).read_text(encoding="utf-8")

    assert f"of the answer: {', '.join(get_args(AnswerStatus))}" in head


def test_there_are_the_kinds_that_users_bring() -> None:
    """Two requests, changes of mind, other languages, thanks and anger among them."""
    ids = {conversation.id for conversation in LOADED.conversations}

    assert {"vague_start", "two_requests", "german", "spanish", "french", "hostile_user"} <= ids
    assert len(ids) >= 10


HELD = HeldTurn(text="Hello.", status="complete", asked=("pay",), calls=2, kept=1, dropped=())


@pytest.mark.parametrize(
    ("expected", "problem"),
    [
        ({"says": ["Bye"]}, "it does not say 'Bye'"),
        ({"lacks": ["Hello"]}, "it says 'Hello'"),
        ({"status": "partial"}, "its status is complete, not partial"),
        ({"asked": []}, "it asks a person for ('pay',), not ()"),
        ({"calls": 1}, "it costs 2 model calls, not 1"),
    ],
)
def test_each_expectation_can_fail(expected: dict[str, Any], problem: str) -> None:
    """A judge that finds nothing wrong with anything judges nothing."""
    assert HELD.problems(SpokenTurn.model_validate(expected)) == [problem]


def test_an_unknown_field_is_named(tmp_path: Path) -> None:
    """A misspelt expectation is an error and not one that always holds."""
    file = tmp_path / "c.yaml"
    file.write_text("conversations: [{id: a, turns: [{user: Hi, sais: [Hello]}]}]")

    with pytest.raises(ConfigError, match="sais"):
        load_conversations(file)
    assert CONVERSATIONS.is_file()
