"""Notice: what a user hears while something waits for a decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from langchain_core.messages import AIMessage

from ..errors import NotFoundError
from ..state.values import digest
from .dependencies import Dependencies
from .phrases import language_spoken, phrase
from .telling import asked_args, in_words, name_of, withdrawn_in_words
from .view import RunView


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A message of the framework's own."""

    message: AIMessage
    digest: str
    """By which the agent knows its own words again."""


def notice_of(view: RunView, dependencies: Dependencies) -> Notice | None:
    """Return what is done, taken back and waiting; nothing where only questions wait.

    Questions ask themselves.

    The same requests give the same message: it is said once, however often the run comes by.
    """
    here = view.as_parked()
    if not here.approvals:
        return None
    language = language_spoken(here.task)
    said = here.task.text
    waiting = dict.fromkeys(
        phrase(language, name_of(r), in_words(here.plan, r.step, r.args, said=said))
        for r in here.approvals
    )
    lines = [
        *(phrase(language, "done", words) for words in _done(view, dependencies)),
        *withdrawn_in_words(view.plan, language),
        *waiting,
        *(request.description for request in here.questions),
    ]
    text = "\n".join(lines)
    name = digest([view.run.id, *(request.id for request in here.approvals)])[:20]
    return Notice(message=AIMessage(text, id=f"waiting-{name}"), digest=digest(text))


def unheard_notice(view: RunView, dependencies: Dependencies) -> Notice | None:
    """Return the notice unless it has been said, alone or below an answer to the rest."""
    notice = notice_of(view, dependencies)
    said = {message.id for message in view.messages}
    return None if notice is None or notice.message.id in said else notice


def _done(view: RunView, dependencies: Dependencies) -> Iterator[str]:
    said = view.task.text if view.task else ""
    for step in view.plan.steps:
        result = view.results.get(step.id)
        if result is None or result.status != "accepted" or step.kind != "tool":
            continue
        try:
            changes = dependencies.tools.get(step.tool).contract.effect != "read"
        except NotFoundError:
            changes = True
        if changes:
            yield in_words(view.plan, step.id, asked_args(result), said=said)
