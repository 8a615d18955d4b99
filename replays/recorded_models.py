"""RecordedAttempts: answers calls of models from the attempt log, and sends none.

Routing, budgets, prices and the judging of replies are those of today; only the provider is not
asked. A reply is found by the step and the role that it was for, and in the order of then, so a
prompt that has changed since gets the reply to what was asked then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ..models.calling.attempt import Accepted, Attempts, AttemptSpec, CallEnd
from ..models.calling.calls import RawReply
from ..models.catalog.prices import Consumption
from ..models.catalog.settings import Catalog
from ..models.failures.classes import AttemptFailure, RejectedReplyError
from ..runs.trace import DELETED, ModelCall
from ..stores.records import ModelAttempt
from .missing import Missing


class RecordedAttempts(Attempts):
    """Performs attempts from the record.

    Args:
        calls: The model calls of the run, in their order.
        missing: Told of calls that are not among them.
        given: What `Attempts` takes.
    """

    def __init__(self, *, calls: Iterable[ModelCall], missing: Missing, **given: Any) -> None:
        super().__init__(**given)
        self._missing = missing
        self._waiting: dict[tuple[str, str], list[ModelCall]] = defaultdict(list)
        for call in calls:
            self._waiting[call.attempt.step, call.attempt.role].append(call)

    async def perform(self, job: AttemptSpec, catalog: Catalog) -> CallEnd:
        """Return what came of the attempt then, at the prices of now.

        Raises:
            BudgetExceededError: No cap leaves room for it.
            ConfigError: The price is unknown under a money cap.
        """
        found = self._next(job)
        if found is None:
            self._missing.note(f"step {job.step}: no reply to the {job.role} is on record")
            return _none(f"No reply to the {job.role} in step {job.step} is on record.")
        self._missing.used.add(found.attempt.id)
        if found.reply == DELETED:
            self._missing.note(f"step {job.step}: the reply to the {job.role} was deleted")
            return _none(f"The reply to the {job.role} in step {job.step} was deleted.")
        if found.reply is None:
            return _none(f"On record as {found.attempt.outcome}: {found.attempt.error}")
        return await self._replied(job, catalog, _raw(found))

    async def _replied(self, job: AttemptSpec, catalog: Catalog, raw: RawReply) -> CallEnd:
        call = await self._reserve(job, catalog)
        call.raw, call.wire.sent = raw, True
        accepted: Accepted | None = None
        try:
            accepted = job.accept(raw)
        except RejectedReplyError as error:
            call.failure = AttemptFailure(kind=error.kind, message=str(error), reply=error.reply)
        return await self._close(job, catalog, call, accepted)

    def _next(self, job: AttemptSpec) -> ModelCall | None:
        """Take the next call of the step and role off the record.

        Who did not reply then does not reply again, unless that model came to reply later: nobody
        waits a second time. What others did not reply is no reply to whoever is asked today.
        """
        waiting = self._waiting[job.step, job.role]
        while waiting:
            call = waiting.pop(0)
            recovered = any(_model(call.attempt) == _model(c.attempt) and c.reply for c in waiting)
            mine = _model(call.attempt) == (job.candidate.model, job.candidate.endpoint)
            if call.reply is not None or (mine and not recovered):
                return call
        return None


def _model(attempt: ModelAttempt) -> tuple[str, str]:
    return attempt.model, attempt.endpoint


def _raw(call: ModelCall) -> RawReply:
    said, attempt = call.reply, call.attempt
    return RawReply(
        text=said["text"],
        calls=tuple(said["tool_calls"]),
        used=Consumption(
            input_tokens=attempt.input_tokens,
            cached_input_tokens=attempt.cached_input_tokens,
            output_tokens=attempt.output_tokens,
            reasoning_tokens=attempt.reasoning_tokens,
        ),
        first_token_seconds=attempt.first_token_seconds,
    )


def _none(message: str) -> CallEnd:
    # Of a kind after which nobody waits and nobody asks the same model again.
    return CallEnd(failure=AttemptFailure(kind="bad_request", message=message))
