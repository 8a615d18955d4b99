"""Answer: sentences, each with the evidence that carries it."""

from __future__ import annotations

from typing import Literal

from .values import Record, Trust

AnswerStatus = Literal["complete", "partial", "safe_response", "question", "waiting"]


class AnswerForm(Record):
    """What whoever meets an answer must know of its status."""

    title: str
    """Stands above it where a person reads it at a terminal."""
    ends_run: bool = True
    """Whether the run is over with it; else more of it follows."""


ANSWER_FORMS: dict[AnswerStatus, AnswerForm] = {
    "complete": AnswerForm(title="Answer"),
    "partial": AnswerForm(title="Answer (partial)"),
    "safe_response": AnswerForm(title="Safe response"),
    "question": AnswerForm(title="Question"),
    "waiting": AnswerForm(title="Answer so far", ends_run=False),
}


class Citation(Record):
    """A numbered source of the answer."""

    number: int
    evidence: str
    """Evidence id."""
    source: str
    quote: str
    """The cited text, cut to a readable length."""
    trust: Trust = "internal"


class Sentence(Record):
    """One statement and the evidence ids that carry it."""

    text: str
    cites: tuple[str, ...] = ()
    worked: tuple[str, ...] = ()
    """Values in it that expressions worked out from what tools brought."""


class Answer(Record):
    """What the user reads."""

    text: str
    status: AnswerStatus
    """`complete`: all was done; `partial`: some steps failed or were declined, and it says so, or
    sentences were dropped;
    `safe_response`: nothing verified could be said beyond what happened; `question`: the agent
    asks, and the next message of the thread is heard as the reply; `waiting`: what is found so far,
    while the rest waits for a person's decision."""
    citations: tuple[Citation, ...] = ()
    dropped: tuple[str, ...] = ()
    """Sentences a model wrote that no evidence carries; never shown as the answer."""
    unverified: tuple[str, ...] = ()
    """Sentences of it that hold no fact that rules can decide; only their meaning can be judged."""
    written_by: str = ""
    """`template`, `extractive`, or the model."""
    report: tuple[str, ...] = ()
    """For operators: what did not happen and why, with the causes that no user is told."""
    note: str = ""
    """For example: no language model configured."""

    @property
    def ends_run(self) -> bool:
        """Whether the run is over with it."""
        return ANSWER_FORMS[self.status].ends_run
