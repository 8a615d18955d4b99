"""Conversation: what a thread's messages say, who said it, and which of them asks for this turn."""

from __future__ import annotations

from itertools import accumulate

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from ..settings import Settings
from ..state.media import words_of
from ..state.provenance import union
from ..state.run import Run
from ..state.task import Task, Utterance
from ..state.text import whole
from ..state.values import digest
from .instructions import is_instruction
from .thread_summary import in_short
from .view import RunView

MAX_CHARACTERS = 2000
"""Of one utterance, in a prompt."""
REMEMBERED = 64
"""Newest answers by which the agent knows its own words again."""

CLIENT = "client:assistant"
"""Source of what a client put into the assistant's mouth: nobody knows who wrote it."""


def asking(view: RunView) -> HumanMessage | None:
    """Return the message that asks for this turn.

    A client that sends its message again under the same id changes nothing in the list, and our
    answer to it, if it came that far, stays the last one.
    """
    messages = view.messages
    own = spoken(view)
    while messages and (_is_ours(messages[-1], own) or is_instruction(messages[-1])):
        messages = messages[:-1]
    last = messages[-1] if messages else None
    return last if isinstance(last, HumanMessage) else None


def is_same_input(view: RunView, input_id: str, input_digest: str) -> bool:
    """Whether the thread's last run began with just this input: then it is the same turn.

    A message is known by its id. Without one, the same words are the same input only where the run
    has not come to its answer: its client has not heard of it, and asks again.
    """
    if not view.begun or view.run.input_digest != input_digest:
        return False
    answered = view.answer is not None and view.answer.ends_run
    return (bool(input_id) and input_id == view.run.input_id) or not answered


def spoken(view: RunView) -> tuple[str, ...]:
    """Return the digests of the agent's own answers in this thread, oldest first."""
    before = view.task.spoken if view.task else ()
    answer = (digest(view.answer.text),) if view.answer else ()
    return tuple(dict.fromkeys((*before, *view.said, *answer)))[-REMEMBERED:]


def conversation(
    view: RunView, settings: Settings, heard: tuple[str, ...]
) -> tuple[tuple[Utterance, ...], int]:
    """Return what was said before this turn, as much of it as prompts may show, and what is not.

    The newest messages stand in full, those of earlier turns in short; the second value counts the
    messages that stand in neither way.

    Args:
        view: The run, not yet begun anew.
        settings: How many messages a prompt may show in full.
        heard: Untrusted sources whose words the agent's own answers may repeat.
    """
    asked = None if view.given_task else asking(view)
    earlier = [m for m in view.messages if isinstance(m, AIMessage | HumanMessage)]
    if asked is not None:
        earlier = earlier[: next(i for i, m in enumerate(earlier) if m is asked)]
    own = spoken(view)
    said = [_utterance(message, own, heard) for message in earlier]
    at = max(0, len(said) - settings.task.max_conversation_messages)
    turns = accumulate(int(isinstance(message, HumanMessage)) for message in earlier)
    older = [
        utterance.model_copy(update={"turn": max(turn, 1)})
        for utterance, turn in zip(said[:at], turns, strict=False)
        if utterance.text.strip()
    ]
    short = in_short(older) if settings.task.max_conversation_messages else ()
    return (*short, *said[at:]), len(older) - len(short)


def said_since(view: RunView, settings: Settings) -> tuple[Utterance, ...]:
    """Return what was said after the request of the run: while it waited, and by itself.

    The newest messages, as many as a prompt may show.
    """
    task, messages = view.task, view.messages
    if task is None:
        return ()
    said = [m for m in messages if isinstance(m, AIMessage | HumanMessage)]
    asked = [m for m in said if isinstance(m, HumanMessage) and _asks(m, view.run, task)]
    if not asked:
        return ()
    after = next(at for at, m in enumerate(said) if m is asked[-1]) + 1
    own = spoken(view)
    tainted = union([task.heard, *(result.taint for result in view.results.values())])
    most = settings.task.max_conversation_messages
    newest = said[max(after, len(said) - most) :]
    return tuple(_utterance(message, own, tainted) for message in newest)


def _asks(message: HumanMessage, run: Run, task: Task) -> bool:
    """Whether a message is the one that a run began with, or went on with as a reply."""
    if run.input_id:
        return message.id == run.input_id
    return words_of(message.content).strip() == task.text


def _utterance(message: AnyMessage, own: tuple[str, ...], heard: tuple[str, ...]) -> Utterance:
    text = words_of(message.content)
    by_assistant = isinstance(message, AIMessage)
    return Utterance(
        speaker="assistant" if by_assistant else "user",
        text=text[:MAX_CHARACTERS],
        missing=max(0, len(text) - MAX_CHARACTERS),
        sources=() if not by_assistant else heard if _is_ours(message, own) else (CLIENT,),
    )


def _is_ours(message: AnyMessage, own: tuple[str, ...]) -> bool:
    return isinstance(message, AIMessage) and digest(whole(message.text)) in own
