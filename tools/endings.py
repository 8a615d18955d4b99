"""How a call ended: for the ledger, which must not guess, and for the graph, which must go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..errors import CredentialError, ToolError
from ..state.text import whole
from ..state.values import Json, JsonObject
from ..stores.records import EffectRecord
from .causes import is_final, is_interrupt, said_by, says_nothing_happened
from .contract import ToolContract
from .outcome import ToolOutcome
from .output import UnusableOutputError, read_output
from .redaction import Redaction
from .threads import NoThreadError
from .waiting import TimedOutError

MAX_ERROR_CHARS = 2000
UNUSABLE_KEY = "$unusable"
"""Key of the output recorded for a call that happened and returned what cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """The state for the ledger, and what the graph is told."""

    state: Literal["done", "failed", "unknown"]
    output: Json = None
    kind: str = ""
    error: str = ""
    retryable: bool = False

    def outcome(self, *, repeatable: bool) -> ToolOutcome:
        """Tell the graph.

        Args:
            repeatable: Whether a call of unknown outcome may simply be made again.
        """
        if self.state == "done":
            # What happened is never called a failure, even if nobody can read what came back.
            output = _unreadable(self.error) if self.kind else self.output
            return ToolOutcome(status="done", output=output, warning=self.error, kind=self.kind)
        asks_person = self.state == "unknown" and not repeatable
        return ToolOutcome(
            status="unknown" if asks_person else "failed",
            kind=self.kind,
            error=self.error,
            retryable=self.retryable and not asks_person,
        )


def _unreadable(why: str) -> JsonObject:
    return {"done": True, "result": "unreadable", "why": why}


class NoCredentialError(CredentialError):
    """The call's credentials cannot be had, so that it never left. A tool's own errors are not."""


class RateLimitedError(Exception):
    """No call is allowed within the time that the runner would wait."""


def changes_something(contract: ToolContract) -> bool:
    """Whether a call may leave a trace in the world."""
    return contract.effect != "read"


def is_repeatable(contract: ToolContract) -> bool:
    """Whether a call whose outcome is unknown may be made again with the same key."""
    return not changes_something(contract) or contract.idempotency != "none"


def ending_of_error(contract: ToolContract, error: Exception, redact: Redaction) -> Ending:
    """Judge what an exception says about the call's effect."""
    text = redact.beginning(whole(_text(contract, error)), MAX_ERROR_CHARS)
    match error:
        case NoThreadError():
            return Ending(state="failed", kind="busy", error=text, retryable=True)
        case RateLimitedError():
            return Ending(state="failed", kind="rate_limited", error=text, retryable=True)
        case NoCredentialError():
            return Ending(state="failed", kind="credentials", error=text)
        case UnusableOutputError():
            return _unusable(contract, error.kind, text)
        case ToolError(happened="no"):
            return Ending(state="failed", kind="tool_error", error=text, retryable=error.retryable)
        case _ if changes_something(contract) and not says_nothing_happened(contract, error):
            return Ending(state="unknown", kind=_kind(error), error=text, retryable=True)
        case _:
            again = not is_final(error) and not says_nothing_happened(contract, error)
            return Ending(state="failed", kind=_kind(error), error=text, retryable=again)


async def ending_of_result(contract: ToolContract, result: Any, redact: Redaction) -> Ending:
    """Judge what came back of a call: an exception or an output."""
    if issubclass(type(result), Exception):
        return ending_of_error(contract, result, redact)
    return await ending_of_output(contract, result, redact)


async def ending_of_output(contract: ToolContract, output: Any, redact: Redaction | None) -> Ending:
    """Judge what the call returned."""
    try:
        return Ending(state="done", output=await read_output(contract, output, redact))
    except UnusableOutputError as error:
        return ending_of_error(contract, error, redact or Redaction(()))


def ending_of_cancellation(contract: ToolContract, *, called: bool) -> Ending:
    """Judge a call that was cancelled from outside."""
    unknown = called and changes_something(contract)
    return Ending(
        state="unknown" if unknown else "failed", kind="cancelled", error="The call was cancelled."
    )


def ending_of_record(record: EffectRecord) -> Ending:
    """Read back how a `done` call ended."""
    output = record.output
    if isinstance(output, dict) and set(output) == {UNUSABLE_KEY}:
        mark = output[UNUSABLE_KEY]
        return Ending(state="done", output=output, kind=mark["kind"], error=mark["error"])
    return Ending(state="done", output=output)


def _unusable(contract: ToolContract, kind: str, text: str) -> Ending:
    if not changes_something(contract):
        return Ending(state="failed", kind=kind, error=text)
    # The effect happened. Recorded as done, it can never be made to happen again.
    mark = {UNUSABLE_KEY: {"kind": kind, "error": text}}
    return Ending(state="done", output=mark, kind=kind, error=text)


def _kind(error: Exception) -> str:
    return "timeout" if isinstance(error, TimedOutError) else "tool_error"


def _text(contract: ToolContract, error: Exception) -> str:
    match error:
        case TimedOutError():
            return f"{contract.name} did not answer in time."
        case NoThreadError():
            return f"{contract.name} was not called: every thread for tools is taken."
        case RateLimitedError():
            return f"{contract.name} was not called: {contract.rate_per_minute} calls a minute."
        case ToolError() | CredentialError() | UnusableOutputError():
            return str(error)
        case _ if is_interrupt(error):
            return (
                f"{contract.name} calls interrupt(), which pauses nodes and no tools. Leave it "
                "out: a person is asked before the call, as the tool's contract says."
            )
        case _:
            return f"{type(error).__name__}: {said_by(error)}"
