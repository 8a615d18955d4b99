"""RecordedRunner: answers calls of tools from the ledger, and performs none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import ArgumentError, NotFoundError
from ..state.run import Run
from ..state.values import Json, JsonObject, digest
from ..stores.records import EffectRecord
from ..tools.contract import Tool
from ..tools.effect_keys import call_of
from ..tools.endings import Ending, ending_of_record, is_repeatable
from ..tools.outcome import ToolOutcome
from ..tools.runner import Runner
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

    async def call(
        self,
        name: str,
        args: JsonObject,
        *,
        run: Run,
        step: str,
        attempt: int,
        timeout: float | None,  # noqa: ARG002 - the signature of a runner
        again: str = "",
        grant: str = "",  # noqa: ARG002
    ) -> ToolOutcome:
        """Return how the call ended when it was made; a call that was not made fails."""
        try:
            tool, checked = self.get(name), await self.checked(name, args)
        except NotFoundError as error:
            return ToolOutcome(status="failed", kind="not_found", error=str(error))
        except ArgumentError as error:
            return ToolOutcome(status="failed", kind="arguments", error=str(error))
        call = call_of(tool, checked, run=run, step=step, attempt=attempt, again=again)
        record = self._effects.get(call.idempotency_key) or self._looked(name, step, checked)
        if record is None:
            self._missing.note(f"step {step}: {name} with these arguments was not called")
            return ToolOutcome(
                status="failed",
                kind="not_found",
                error=f"{name} was not called with these arguments, and a replay calls nothing.",
                key=call.idempotency_key,
            )
        self._missing.used.add(record.claim.key)
        ending = ending_of_record(record) if record.state == "done" else _not_done(record)
        outcome = ending.outcome(repeatable=is_repeatable(tool.contract))
        return outcome.model_copy(
            update={"key": record.claim.key, "retryable": False, "seconds": _seconds(record)}
        )

    def _looked(self, name: str, step: str, args: JsonObject) -> EffectRecord | None:
        """Return what the next second look at a step found, whose moment is part of its name."""
        place = _look_of(step, name=name)
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


def _seconds(record: EffectRecord) -> float:
    return max(0.0, (record.settled_at or record.claimed_at) - record.claimed_at)
