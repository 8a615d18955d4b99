"""ParkedRun: a run that waits for a person while the conversation goes on."""

from __future__ import annotations

from .approval import ApprovalRequest
from .plan import Plan
from .results import StepResult
from .run import Run
from .task import Task
from .values import Record

QUESTION = "ask"
"""Tool of the requests that are questions to the user."""


class ParkedRun(Record):
    """All that a run needs to be taken up again; its journal, approvals and effects are its own."""

    run: Run
    task: Task
    plan: Plan
    results: dict[str, StepResult]
    turns: int = 0
    revisions: int = 0
    looks: int = 0

    @property
    def approvals(self) -> tuple[ApprovalRequest, ...]:
        """What waits for a decision."""
        return requests(self.results, in_conversation(self.run), questions=False)

    @property
    def questions(self) -> tuple[ApprovalRequest, ...]:
        """What the next message of the conversation is heard as the reply to."""
        return requests(self.results, in_conversation(self.run), questions=True)


def in_conversation(run: Run) -> bool:
    """Whether a run's questions are messages of the conversation; else they are interrupts."""
    return run.questions == "message"


def requests(
    results: dict[str, StepResult], conversing: bool, *, questions: bool
) -> tuple[ApprovalRequest, ...]:
    """Return the open requests that are questions in the conversation, or all the others."""
    return tuple(
        result.approval
        for _, result in sorted(results.items())
        if result.status == "waiting"
        and result.approval is not None
        and (conversing and result.approval.tool == QUESTION) is questions
    )
