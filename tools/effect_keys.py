"""What a call is claimed under: its idempotency key, and what may happen only once at all."""

from __future__ import annotations

from ..state.likeness import likeness
from ..state.references import at_path
from ..state.run import Run
from ..state.values import Json, JsonObject, digest
from ..stores.records import EffectClaim
from .contract import Tool, ToolCall, ToolContract
from .endings import changes_something


def effect_key(run_id: str, tool: str, args: JsonObject, *, apart: str = "") -> str:
    """Derive the idempotency key of a call: the same call of the same run has the same key.

    Args:
        run_id: The run.
        tool: The tool's name.
        args: The checked arguments.
        apart: What keeps equal calls apart: the step of a read, which may find something new each
            time; for a change, the approval that lets an equal one happen again.
    """
    return digest([run_id, apart, tool, args])


def call_of(
    tool: Tool, args: JsonObject, *, run: Run, step: str, attempt: int, again: str = ""
) -> ToolCall:
    """Return what a tool may know of a call."""
    apart = again if changes_something(tool.contract) else step
    return ToolCall(
        idempotency_key=effect_key(run.id, tool.name, args, apart=apart),
        run_id=run.id,
        thread_id=run.thread_id,
        step=step,
        attempt=attempt,
        principal=run.principal,
    )


def claim_of(contract: ToolContract, args: JsonObject, call: ToolCall) -> EffectClaim:
    """Return what the ledger is told of a call."""
    return EffectClaim(
        key=call.idempotency_key,
        run_id=call.run_id,
        thread_id=call.thread_id,
        step=call.step,
        tool=contract.name,
        args_digest=digest(args),
        effect=contract.effect,
        # Reading again changes nothing, whatever the contract says about repeating.
        idempotency=contract.idempotency if changes_something(contract) else "natural",
        business_key=_business_key(contract, args, call),
    )


def _business_key(contract: ToolContract, args: JsonObject, call: ToolCall) -> str:
    if not contract.business_key:
        return ""
    values = [_value_at(args, path) for path in contract.business_key]
    return digest([call.principal.tenant, contract.name, values])


def _value_at(args: JsonObject, path: str) -> Json:
    try:
        return likeness(at_path(args, path))
    except KeyError:
        return None
