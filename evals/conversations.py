"""Conversations: a thread held turn by turn, and what its user read and its models were asked.

`datasets/conversations.yaml` describes each field at its top. The models are the caller's: scripted
ones for what must not change, real ones to see how they do.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langgraph.types import Command
from pydantic import ValidationError

from ..errors import ConfigError
from ..runs.thread import config_of
from ..runs.view import RunView
from ..settings import settings_error
from ..state.answer import AnswerStatus
from ..state.relevance import sentences
from ..state.values import Json, JsonObject, Record
from ..state.yaml_text import MAX_DATA_CHARACTERS, read_yaml

if TYPE_CHECKING:
    from ..agent import Agent
    from ..stores.store import SqlStore

CONVERSATIONS = Path(__file__).parent / "datasets" / "conversations.yaml"
"""The conversations that come with the package."""


class SpokenTurn(Record):
    """One thing that a user says or a person decides, and what must come of it."""

    user: str = ""
    decide: tuple[JsonObject, ...] = ()
    planner: tuple[Json, ...] = ()
    """Replies of a scripted planner."""
    writer: tuple[Json, ...] = ()
    """Replies of a scripted writer."""
    says: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    status: AnswerStatus | None = None
    asked: tuple[str, ...] | None = None
    """Tools that wait for a person after the turn, in order."""
    calls: int | None = None
    """Model calls of the turn."""


class Conversation(Record):
    """A thread."""

    id: str
    turns: tuple[SpokenTurn, ...]

    def replies(self, role: str) -> list[Json]:
        """Return all replies of a scripted model, in order."""
        return [reply for turn in self.turns for reply in getattr(turn, role)]


class Conversations(Record):
    """Conversations with one agent."""

    instructions: str = ""
    conversations: tuple[Conversation, ...]


class HeldTurn(Record):
    """What came of one turn."""

    text: str
    """What the user read in it."""
    status: AnswerStatus | None
    asked: tuple[str, ...]
    calls: int
    kept: int
    """Sentences of the answer that passed."""
    dropped: tuple[str, ...]
    """Sentences that did not, each with the cause."""

    def problems(self, turn: SpokenTurn) -> list[str]:
        """Return what is not as the turn expects it."""
        found = [f"it does not say {words!r}" for words in turn.says if words not in self.text]
        found += [f"it says {words!r}" for words in turn.lacks if words in self.text]
        if turn.status is not None and turn.status != self.status:
            found.append(f"its status is {self.status}, not {turn.status}")
        if turn.asked is not None and turn.asked != self.asked:
            found.append(f"it asks a person for {self.asked}, not {turn.asked}")
        if turn.calls is not None and turn.calls != self.calls:
            found.append(f"it costs {self.calls} model calls, not {turn.calls}")
        return found


def load_conversations(file: Path = CONVERSATIONS) -> Conversations:
    """Read conversations.

    Raises:
        ConfigError: The file is not valid; names the field.
    """
    try:
        return Conversations.model_validate(
            read_yaml(file.read_text(encoding="utf-8"), limit=MAX_DATA_CHARACTERS)
        )
    except ValidationError as error:
        raise settings_error(error) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"It cannot be read: {error}.", where=str(file)) from None


async def hold(
    conversation: Conversation, agent: Agent, store: SqlStore
) -> AsyncIterator[HeldTurn]:
    """Hold a conversation in a thread of its name, and give each turn as it ends.

    Args:
        conversation: What is said and decided.
        agent: From `build_agent`, with a checkpointer.
        store: The store that its runs write to.
    """
    config = config_of(conversation.id)
    before, spent = 0, 0
    for turn in conversation.turns:
        given: Any = (
            {"messages": [{"role": "user", "content": turn.user}]}
            if turn.user
            else Command(resume={"decisions": list(turn.decide)})
        )
        await agent.ainvoke(given, config)
        snapshot = await agent.aget_state(config)
        view = RunView(snapshot.values)
        attempts = await store.attempts.recent()
        calls = sum(attempt.thread_id == conversation.id for attempt in attempts)
        said = [m.text for m in view.messages[before:] if m.type == "ai"]
        asked = [a["name"] for i in snapshot.interrupts for a in i.value["action_requests"]]
        answered = view.answer if not asked or len(said) > 1 else None
        yield HeldTurn(
            text="\n".join(said),
            status=answered.status if answered else None,
            asked=tuple(asked),
            calls=calls - spent,
            kept=len(sentences(answered.text)) if answered else 0,
            dropped=answered.dropped if answered else (),
        )
        before, spent = len(view.messages), calls
