"""What a script is made of: replies, faults, and the request that a responder sees."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked_dataclass

from ..errors import ConfigError
from ..state.values import Json, JsonObject
from .faults import FAULTS, FaultKind

Endpoint = Literal["chat", "models", "transcription"]

STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
TokenCount = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]


@checked_dataclass(frozen=True, kw_only=True, config=STRICT)
class TokenUsage:
    """Tokens of one reply, as a provider counts them."""

    input_tokens: TokenCount = 0
    output_tokens: TokenCount = 0
    """Reasoning included."""
    cached_input_tokens: TokenCount = 0
    """The part of the input that came from a prompt cache."""
    reasoning_tokens: TokenCount = 0
    """The part of the output that was reasoning."""


@checked_dataclass(frozen=True, kw_only=True, config=STRICT)
class Reply:
    """One reply of a model. `text` and `json` are alternatives; tool calls may join either."""

    text: str = ""
    json: Json = None
    """Sent as JSON text, or as a call of the one tool that the request forces."""
    tool_calls: Sequence[JsonObject] = ()
    """`{"name", "args", "id"?}` each, as LangChain writes them; `args` may be a raw string."""
    reasoning: str = ""
    """Thinking, sent as `reasoning_content` before the text."""
    usage: TokenUsage | None = None
    """What is reported and billed; counted from the texts if absent."""
    finish_reason: str = ""
    """`stop`, `tool_calls` or `length` as the reply deserves, if empty."""
    refusal: str = ""
    document: JsonObject | None = None
    """The body word for word, for what no fault describes; streams get `chunks`."""
    chunks: Sequence[JsonObject] = ()
    """The events of a stream word for word."""
    logprob: float | None = None
    """Log-probability that each token reports when the request asks for them."""
    delay: Seconds = 0.0
    """Seconds before the first byte."""
    token_delay: Seconds = 0.0
    """Seconds between two chunks."""

    @property
    def content(self) -> str:
        """The text of the message."""
        if self.json is not None:
            return json.dumps(self.json, ensure_ascii=False)
        return self.text


@checked_dataclass(frozen=True, kw_only=True, config=STRICT)
class Fault:
    """A way to misbehave, and when.

    As an entry of a model's script it happens at that place. In `ScriptedGateway(faults=…)` it
    happens whenever model, endpoint, number and chance agree.
    """

    kind: FaultKind
    model: str | None = None
    """Only requests for this model; `None` for every model."""
    endpoint: Endpoint = "chat"
    at: Set[int] | None = None
    """Only these requests, counted from 1 among those that model and endpoint select."""
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Chance for each request; drawn from the gateway's seed and the request's number."""
    times: int | None = None
    """How often it may happen at most."""
    seconds: Seconds | None = None
    """Length of the delay, or value of `Retry-After`; the kind has a default."""
    status: int | None = None
    """HTTP status, instead of the kind's own."""
    reply: Reply | None = None
    """What is spoiled, for a kind that does not use up a reply of the script."""
    usage: TokenUsage | None = None
    """For `wrong_usage`: what to report."""

    def __post_init__(self) -> None:
        if self.endpoint != "chat" and FAULTS[self.kind].shapes_reply:
            raise ConfigError(
                f"`{self.kind}` spoils a chat reply and cannot happen at `{self.endpoint}`.",
                where="Fault.endpoint",
                fix="Use endpoint 'chat' or a transport fault.",
            )

    def delay(self) -> float:
        """Seconds that this fault takes or asks for."""
        return FAULTS[self.kind].seconds if self.seconds is None else self.seconds


@dataclass(frozen=True, kw_only=True)
class GatewayRequest:
    """One request as a scripted model sees it."""

    number: int
    """Position among all requests of the gateway, from 1."""
    endpoint: Endpoint
    model: str
    body: JsonObject
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Lower-case names; the key is left out."""

    @property
    def stream(self) -> bool:
        """Whether server-sent events were asked for."""
        return bool(self.body.get("stream"))

    @property
    def messages(self) -> Sequence[JsonObject]:
        """The conversation."""
        return self.body.get("messages") or ()

    @property
    def text(self) -> str:
        """The text of the last message."""
        return content_text(self.messages[-1].get("content")) if self.messages else ""

    @property
    def tools(self) -> tuple[str, ...]:
        """Names of the offered functions."""
        return tuple(t["function"]["name"] for t in self.body.get("tools") or () if "function" in t)

    @property
    def forced_tool(self) -> str:
        """The function that the reply must call, if the request forces one."""
        choice = self.body.get("tool_choice")
        if isinstance(choice, dict):
            return choice.get("function", {}).get("name", "")
        return self.tools[0] if choice == "required" and len(self.tools) == 1 else ""


def content_text(content: Json) -> str:
    """Return the text of a message's content, which is a string or a list of parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content or ""


GatewayReply = Reply | Fault | str | JsonObject
"""A string stands for `Reply(text=…)`, a dictionary for `Reply(json=…)`."""
Responder = Callable[[GatewayRequest], GatewayReply | Awaitable[GatewayReply]]
"""Decides when the request is there. It runs on the gateway's thread."""
ScriptItem = GatewayReply | Responder
ModelScript = Sequence[ScriptItem] | Responder
"""Entries used one after the other, or one responder for every request."""


def as_gateway_reply(item: GatewayReply) -> Reply | Fault:
    """Read the short forms of a reply."""
    if isinstance(item, str):
        return Reply(text=item)
    return Reply(json=item) if isinstance(item, dict) else item
