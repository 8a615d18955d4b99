"""RecordedRunner: answers calls of tools from the ledger, and performs none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..state.run import Run
from ..state.values import Json, JsonObject, digest
from ..stores.records import EffectRecord
from ..tools.contract import Tool, ToolCall
from ..tools.endings import Ending, ending_of_record, is_repeatable
from ..tools.outcome import ToolOutcome
from ..tools.runner import Runner, Terms
from .missing import Missing

if TYPE_CHECKING:
    from ..stores.store import SqlStore


class RecordedRunner(Runner):
    """Tools as a run found them: the same call brings what it brought then.

    Args:
        tools: The tools of today, for their contracts, schemas, descriptions and citations.
        store: That of the replay.
        effects: What the ledger holds of the run.
        missing: Told of calls that the ledger does not hold.
    """

    def __init__(
        self,
        tools: Mapping[str, Tool],
        store: SqlStore,
        *,
        effects: Sequence[EffectRecord],
        missing: Missing,
    ) -> None:
        super().__init__(tools, store)
        self._effects = {record.claim.key: record for record in effects}
        self._looks: dict[tuple[str, str, str], list[EffectRecord]] = defaultdict(list)
        for record in sorted(effects, key=lambda each: each.claimed_at):
            if (place := _look_of(record.claim.step, name=record.claim.tool)) is not None:
                self._looks[*place, record.claim.args_digest].append(record)
        self._missing = missing

    async def _once(
        self,
        tool: Tool,
        args: JsonObject,
        call: ToolCall,
        terms: Terms,  # noqa: ARG002 - the signature of a runner
    ) -> ToolOutcome:
        """Return how the call ended when it was made; a call that was not made fails."""
        record = self._effects.get(call.idempotency_key) or self._looked(tool, call, args)
        if record is None:
            name = tool.name
            self._missing.note(f"step {call.step}: {name} with these arguments was not called")
            return ToolOutcome(
                status="failed",
                kind="not_found",
                error=f"{name} was not called with these arguments, and a replay calls nothing.",
            )
        self._missing.used.add(record.claim.key)
        ending = ending_of_record(record) if record.state == "done" else _not_done(record)
        outcome = ending.outcome(repeatable=is_repeatable(tool.contract))
        return outcome.model_copy(update={"retryable": False})

    def _looked(self, tool: Tool, call: ToolCall, args: JsonObject) -> EffectRecord | None:
        """Return what the next second look at a step found, whose moment is part of its name."""
        place = _look_of(call.step, name=tool.name)
        looks = self._looks[*place, digest(args)] if place is not None else []
        return looks.pop(0) if looks else None

    async def preview(self, name: str, args: JsonObject, *, run: Run, step: str) -> Json:  # noqa: ARG002
        """Return `None`: the world is not looked at."""
        return None


def _look_of(step: str, *, name: str) -> tuple[str, str] | None:
    """Return the step that a second look is at, and the tool; `None` for a call of its own."""
    looked_at, at, _moment = step.rpartition("@")
    return (looked_at, name) if at else None


def _not_done(record: EffectRecord) -> Ending:
    """Read back how a call failed; one that was never settled is in doubt."""
    state = "failed" if record.state == "failed" else "unknown"
    return Ending(state=state, kind="tool_error", error=record.error or "Nobody knows.")
