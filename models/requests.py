"""What is asked of a model, who may be asked, and what came back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator

from ..state.run import Latency
from ..state.task import Modality
from ..state.usage import Usage
from ..state.values import Json, JsonObject, Record

if TYPE_CHECKING:
    # Settings name roles and signals, and should not wait for LangChain.
    from langchain_core.messages import BaseMessage

Role = Literal["planner", "extractor", "reasoner", "generator", "verifier", "chat", "transcriber"]
Risk = Literal["low", "medium", "high"]

Emit = Callable[[JsonObject], None]
"""Receives progress events: `{"event": "model_attempt", …}`, `{"event": "token", "text": …}`,
`{"event": "discard"}` when what was streamed so far must be forgotten."""


def as_names(value: Any) -> Any:
    """Read one name as a tuple of one, and an empty name as none."""
    return tuple(name for name in (value,) if name) if isinstance(value, str) else value


BYTES_PER_TOKEN_ESTIMATE = 4
"""For estimates that need not be bounds: whether a prompt fits a context window."""


class Signals(Record):
    """What the router may know about a call. Everything that decides is in here."""

    role: Role
    task_type: str = "general"
    """`chat`, `long_reasoning`, `extraction`, `planning`, `drafting`, …"""
    modalities: tuple[Modality, ...] = ("text",)
    risk: Risk = "low"
    latency: Latency = "normal"
    """What the run asks for; the gateway sets it."""
    data_class: Annotated[tuple[str, ...], BeforeValidator(as_names)]
    """Classes of the data that is sent; one may be given as text. It has no default, so that no
    call can forget what flows into its prompt."""
    context_tokens: int = 0
    output_tokens: int = 0
    needs_schema: bool = False
    verdicts: tuple[str, ...] = ()
    """What verification said of earlier attempts at the step: `not_good_enough`, `schema`, …"""
    tried: tuple[str, ...] = ()
    """Candidates (`model@endpoint`) whose results were not accepted."""
    request: str = ""
    """Text of the request, for learned routers; not logged."""


class Candidate(Record):
    """A model at an endpoint, and why it stands where it stands."""

    model: str
    endpoint: str
    reason: str
    quality: int = 0
    expected_usd: float | None = None
    adapt: str = ""
    """`convert_to_text`: the candidate gets media as text."""

    @property
    def name(self) -> str:
        """`model@endpoint`."""
        return f"{self.model}@{self.endpoint}"


class Exclusion(Record):
    """A model that was not considered, and why."""

    model: str
    endpoint: str
    reason: str
    kind: Literal["role", "fit", "availability", "policy", "price", "budget", "order"] = "fit"
    """`price`: unknown under a money cap. `budget`: too dear for what is left. `order`: the row's
    fallback order has no place for it."""


class Ranking(Record):
    """The router's decision."""

    candidates: tuple[Candidate, ...] = ()
    excluded: tuple[Exclusion, ...] = ()
    row: str = ""
    """The row of the routing table that matched."""
    guards: tuple[str, ...] = ()
    """`strict_output`, `basic_safety`, `media_validation`."""


@dataclass(frozen=True, kw_only=True)
class ModelRequest:
    """One thing asked of a model."""

    signals: Signals
    messages: Sequence[BaseMessage]
    schema: JsonObject | None = None
    """JSON Schema of the reply; its `title` names it."""
    max_output_tokens: int = 1024
    timeout: float | None = None
    """Seconds for one attempt, where the task itself sets them; else the settings decide."""
    candidates: Sequence[Candidate] | None = None
    """A ranking that was made earlier; `None` ranks now."""
    stream: bool = False
    """Emit tokens while they arrive."""


class ModelReply(Record):
    """What came back, from whom, at what cost."""

    text: str = ""
    data: Json = None
    """The parsed and validated value, where a schema was asked for."""
    model: str = ""
    endpoint: str = ""
    why: str = ""
    usage: Usage = Usage()
    """Of all attempts together."""
    attempts: int = 1
