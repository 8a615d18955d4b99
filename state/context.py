"""AgentContext: small plain values that one invocation may set. Studio shows them as a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from ..errors import TaskError
from .run import AmountLimit, CountLimit, Latency


@dataclass(kw_only=True)
class AgentContext:
    """Per-run settings. Limits can tighten what the settings allow, never loosen it.

    Who the caller is does not belong here: it comes from authentication.
    """

    budget_usd: AmountLimit | None = None
    """Most that the run may spend, in US dollars."""
    budget_tokens: CountLimit | None = None
    """Most input and output tokens together."""
    deadline_seconds: AmountLimit | None = None
    """Seconds from the start of the run to its hard stop; time spent paused does not count."""
    max_turns: CountLimit | None = None
    """Most passes through `plan`."""
    autonomy: Literal["policy", "ask_always"] = "policy"
    """`ask_always` puts every effect before a person, also those that policy lets run."""
    questions: Literal["message", "interrupt"] | None = None
    """How the agent asks the user. `message`: in the conversation, and the next message is heard as
    the reply. `interrupt`: as a request beside the approvals. By default as the settings say."""
    instructions: str = ""
    """What the agent must keep to in this run, besides its own instructions. Over a server it takes
    policy's permission, as system and developer messages do."""
    latency: Latency = "normal"
    """How long the caller means to wait for each model call; the routing table reads it, and at
    `batch` a model is asked for its slow, cheap tier."""
    effect_scope: str = ""
    """A new value lets a replayed run perform its effects again; by default it never does."""


_CONTEXT = TypeAdapter(AgentContext)


def checked_context(given: AgentContext) -> AgentContext:
    """Return a context whose values are what they are said to be: LangGraph takes any.

    Raises:
        TaskError: One is not. A limit that is no number would limit nothing.
    """
    try:
        return _CONTEXT.validate_python(vars(given))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise TaskError(
            f"{first['msg']}.",
            where=f"context.{first['loc'][0]}",
            fix="Correct it, or leave it out: then what the settings say holds.",
        ) from None
