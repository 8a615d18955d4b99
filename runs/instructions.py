"""Instructions: what the agent was told to be and do, by whoever may tell it.

They come from settings, from playbooks, from system and developer messages, and from the context of
one run. The last two are a caller's words: code that invokes the agent is trusted with them; over a
server policy's `administer` with the operation `instruct` says whose words count.
"""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import AnyMessage, ChatMessage, HumanMessage, SystemMessage
from langgraph.runtime import Runtime

from ..errors import TaskError
from ..settings import MAX_INSTRUCTIONS
from ..state.context import AgentContext
from ..state.plan import Plan
from ..state.run import Run
from ..state.text import whole
from .dependencies import Dependencies
from .identity import principal_of
from .view import RunView

_ROLES = ("system", "developer")
_SEPARATOR = "\n\n"


def is_instruction(message: AnyMessage) -> bool:
    """Whether a message tells the agent what to be and do, instead of asking it for something."""
    if isinstance(message, ChatMessage):
        return message.role in _ROLES
    return isinstance(message, SystemMessage)


def instructions_for(run: Run, dependencies: Dependencies, plan: Plan | None = None) -> str:
    """Return all that planner, steps and answer of a run must keep to."""
    told = (dependencies.instructions, plan.instructions if plan else "", run.instructions)
    return _SEPARATOR.join(dict.fromkeys(text for text in told if text))


def admitted(
    view: RunView,
    asked: HumanMessage | None,
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
) -> tuple[str, ...]:
    """Return the thread's system and developer messages, those that came with this turn judged.

    Args:
        view: The run, not yet begun anew.
        asked: The message that asks for this turn; `None` where the task was given as text.
        runtime: Who has sent them.
        dependencies: Policy.

    Raises:
        TaskError: They, or the context's instructions, are of somebody who may not give any.
    """
    before = view.task.instructions if view.task else ()
    served = runtime.server_info is not None
    came = _came_along(view, asked, served=served)
    new = [whole(m.text).strip() for m in came if is_instruction(m)]
    told = [text for text in new if text and text not in before]
    if not told and not runtime.context.instructions:
        return before
    if served:
        _check_authority(runtime, dependencies, where="messages" if told else "context")
    together = (*before, *dict.fromkeys(told))
    if sum(map(len, (*together, runtime.context.instructions))) > MAX_INSTRUCTIONS:
        raise TaskError(
            f"The instructions are longer than {MAX_INSTRUCTIONS:,} characters.",
            where="messages" if told else "context.instructions",
            fix="Send the long part as an attachment.",
        )
    return together


def of_run(told: Sequence[str], context: AgentContext) -> str:
    """Return what one run was told to keep to."""
    return _SEPARATOR.join(text for text in (*told, context.instructions.strip()) if text)


def _came_along(view: RunView, asked: HumanMessage | None, *, served: bool) -> Sequence[AnyMessage]:
    """Return the messages that came with this turn, as far as a list of messages can tell.

    A turn that was refused for its instructions has left them in the thread, before its own
    message. They come along no more with a message that was sent without them.
    """
    messages = view.messages
    own = [n for n, m in enumerate(messages) if isinstance(m, HumanMessage) and m is not asked]
    own = [n for n in own if asked is None or n < messages.index(asked)]
    refused_before = served and not any(m.type == "ai" for m in messages)
    if own and (view.begun or refused_before):
        return messages[own[-1] + 1 :]
    return messages


def _check_authority(
    runtime: Runtime[AgentContext], dependencies: Dependencies, *, where: str
) -> None:
    who = principal_of(runtime, dependencies.settings)
    if dependencies.policy.may_instruct(who):
        return
    what = "System and developer messages" if where == "messages" else "The context's instructions"
    raise TaskError(
        f"{what} tell the agent what to be and do, and {who.id} may not.",
        where=where if where == "messages" else "context.instructions",
        fix="Send the request without them. The agent's operator can put them into `instructions` "
        "of the settings, or permit callers to give them: policy's `administer` with the "
        "operation `instruct`, by default for administrators.",
    )
