"""One attempt at a model: a slot, a reservation, the call, the settlement, the record."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from langchain_core.language_models import BaseChatModel

from ...finishing import finish, to_the_end
from ...state.run import Run
from ...state.usage import Usage
from ...state.values import Json
from ...stores.audit import AuditDraft
from ...stores.records import Cap, ModelAttempt
from ..catalog.prices import Consumption
from ..catalog.settings import Catalog, ModelSettings
from ..catalog.timeouts import Timeouts
from ..failures.classes import REFUSALS, AttemptFailure
from ..failures.classify import classify
from ..requests import Candidate, Emit
from ..routing.health import HealthBoard, HealthKey
from .budget import Budget, Grant, Need, Settled
from .calls import Prompt, RawReply, call_model
from .clients import Clients
from .credible import FEWEST_BYTES, CallBounds, believed
from .heard import Heard
from .parameters import choices
from .ratios import Ratios, density_of
from .tokens import Weight, image_bound, weigh
from .transcript import transcript
from .wire import WIRE, Wire
from .without_thinking import SpokenText

if TYPE_CHECKING:
    from ...stores.store import SqlStore

T = TypeVar("T")

RESERVATION_GRACE = 120.0
"""Seconds after an attempt's timeout when the reservation of a dead process may be dropped."""


_AUDITED = {
    "endpoint",
    "estimated",
    "id",
    "input_tokens",
    "model",
    "outcome",
    "output_tokens",
    "prompt",
    "reply",
    "role",
    "step",
    "usd",
    "why",
}
"""Facts of an attempt that its entry in the audit log has; an error may quote anything."""


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A reply that was judged good."""

    text: str = ""
    data: Json = None


@dataclass(frozen=True, kw_only=True)
class AttemptSpec:
    """Everything that one attempt needs to know."""

    candidate: Candidate
    model: ModelSettings
    prompt: Prompt
    accept: Callable[[RawReply], Accepted]
    """Judges the reply. Raises `RejectedReplyError`."""
    masked: Callable[[str], str]
    """Returns what is said of the attempt as it may be recorded."""
    invented: Callable[[RawReply], tuple[str, ...]]
    """Returns pseudonyms of a reply that nobody gave."""
    max_output_tokens: int
    min_output_tokens: int
    timeouts: Timeouts
    why: str
    role: str
    run: Run
    step: str
    caps: Sequence[Cap]
    emit: Emit
    settled: Callable[[Usage], None]
    """Learns what the attempt has cost, also when it is cancelled."""


@dataclass(frozen=True, kw_only=True)
class CallEnd:
    """How an attempt ended: with a reply or a failure."""

    accepted: Accepted | None = None
    failure: AttemptFailure | None = None


@dataclass(kw_only=True)
class _Call:
    """What is known of the call while it runs."""

    reservation: Grant
    weight: Weight
    input_tokens: int
    """Tokens that are expected of the prompt."""
    choices: int
    wire: Wire
    heard: Heard
    started_at: float
    started: float
    raw: RawReply | None = None
    failure: AttemptFailure | None = None
    spoke: bool = False
    """Tokens have reached the caller."""


@dataclass(frozen=True, kw_only=True)
class _Bill:
    """What an attempt is settled at."""

    used: Consumption
    usd: float | None
    estimated: bool


class Attempts:
    """Performs attempts: every one is bounded, reserved, settled and recorded."""

    def __init__(
        self,
        *,
        store: SqlStore,
        clients: Clients,
        board: HealthBoard,
        health_key: Callable[[ModelSettings], HealthKey],
        given: Callable[[ModelSettings], BaseChatModel | None],
        ratios: Ratios,
        recorded: Callable[[ModelAttempt], None],
    ) -> None:
        self._store = store
        self._budget = Budget(store.budgets)
        self._clients = clients
        self._board = board
        self._health_key = health_key
        self._given = given
        self._ratios = ratios
        self._recorded = recorded

    async def perform(self, job: AttemptSpec, catalog: Catalog) -> CallEnd:
        """Make one attempt. Failures of the provider are returned, not raised.

        Raises:
            BudgetExceededError: No cap leaves room for it; nothing was called.
            ConfigError: The key is missing, or the price is unknown under a money cap.
        """
        endpoint = catalog.endpoint(job.model)
        chat = self._given(job.model) or await self._clients.chat(job.model, endpoint)
        endpoint.key(job.model.place)
        slot = await self._clients.slot(job.model.place, endpoint.max_concurrency)
        try:
            async with asyncio.timeout(job.timeouts.total):
                await slot.acquire()
        except TimeoutError:
            return _not_called(f"no free slot at {job.model.place} in time")
        try:
            return await self._with_slot(job, catalog, chat)
        finally:
            slot.release()

    async def _with_slot(self, job: AttemptSpec, catalog: Catalog, chat: BaseChatModel) -> CallEnd:
        key = self._health_key(job.model)
        if not self._board.admit(key, now=time.time(), probe_seconds=job.timeouts.total):
            return _not_called(f"the breaker of {job.model.name} is open")
        try:
            call = await self._reserve(job, catalog)
        except BaseException:
            self._board.abandoned(key)
            raise
        accepted: Accepted | None = None
        cancelled: asyncio.CancelledError | None = None
        try:
            accepted = await self._call(job, catalog, chat, call)
        except asyncio.CancelledError as error:
            cancelled = error
            call.failure = classify(error)
        except Exception as error:  # noqa: BLE001 - the provider's libraries raise anything; it is classified, recorded and acted upon
            secrets = catalog.secrets(job.model)
            call.failure = classify(error, now=time.time(), secrets=secrets)
        # Whatever happens to the caller, what was reserved is settled.
        outcome = await to_the_end(self._close(job, catalog, call, accepted))
        if cancelled is not None:
            raise cancelled
        return outcome

    async def _reserve(self, job: AttemptSpec, catalog: Catalog) -> _Call:
        now = time.time()
        weight = weigh(
            job.prompt.messages,
            schema=job.prompt.schema,
            image_tokens=image_bound(job.model.id, job.model.image_tokens),
        )
        tokens = weight.expected(self._ratios.ratio(self._health_key(job.model)))
        written = choices(job.model.parameters)
        need = Need(
            model=job.model.name,
            price=catalog.price(job.model),
            input_tokens=tokens,
            output_tokens=job.max_output_tokens,
            min_output_tokens=job.min_output_tokens,
            choices=written,
            at=now,
            expires_at=now + job.timeouts.total + RESERVATION_GRACE,
        )
        reservation, cancelled = await finish(self._budget.reserve(need, job.caps))
        if cancelled is not None:
            await finish(self._budget.release(reservation))
            raise cancelled
        limit = reservation.output_tokens * written
        return _Call(
            reservation=reservation,
            weight=weight,
            input_tokens=tokens,
            choices=written,
            wire=Wire(limit=limit),
            heard=Heard(limit=limit),
            started_at=now,
            started=time.monotonic(),
        )

    async def _call(
        self, job: AttemptSpec, catalog: Catalog, chat: BaseChatModel, call: _Call
    ) -> Accepted:
        def on_text(text: str) -> None:
            call.spoke = True
            job.emit({"event": "token", "text": text, "step": job.step})

        spoken = SpokenText(on_text, lambda: job.emit({"event": "discard", "step": job.step}))
        endpoint = catalog.endpoint(job.model)
        # Clients that are not ours give no sign of when the request leaves.
        call.wire.sent = not endpoint.base_url
        token = WIRE.set(call.wire)
        try:
            async with asyncio.timeout(job.timeouts.total):
                call.raw = await call_model(
                    chat,
                    job.prompt,
                    model=job.model,
                    endpoint=endpoint,
                    max_output_tokens=call.reservation.output_tokens,
                    timeouts=job.timeouts,
                    heard=call.heard,
                    on_text=spoken.add,
                )
            spoken.end()
        finally:
            WIRE.reset(token)
        return job.accept(call.raw)

    async def _close(
        self, job: AttemptSpec, catalog: Catalog, call: _Call, accepted: Accepted | None
    ) -> CallEnd:
        seconds = time.monotonic() - call.started
        bill = _bill(call, catalog, job.model)
        if bill is None:
            await self._budget.release(call.reservation)
            bill = _Bill(used=Consumption(), usd=0.0, estimated=False)
        else:
            tokens = bill.used.input_tokens + bill.used.output_tokens
            settled = await self._budget.settle(call.reservation, usd=bill.usd, tokens=tokens)
            short = settled != Settled(usd=bill.usd, tokens=tokens)
            bill = replace(bill, usd=settled.usd, estimated=bill.estimated or short)
            if not bill.estimated:
                key = self._health_key(job.model)
                self._ratios.learn(key, call.weight, bill.used.input_tokens)
        self._report(job, catalog, call, seconds)
        record = _record(job, call, bill, seconds)
        self._recorded(await self._kept(record, job, call))
        _announce(job, call, record)
        usage = Usage(
            input_tokens=bill.used.input_tokens,
            output_tokens=bill.used.output_tokens,
            model_calls=1,
            usd=bill.usd,
            estimated=bill.estimated,
        )
        job.settled(usage)
        return CallEnd(accepted=accepted, failure=call.failure)

    def _report(self, job: AttemptSpec, catalog: Catalog, call: _Call, seconds: float) -> None:
        key = self._health_key(job.model)
        if call.failure is None:
            self._board.succeeded(key, seconds=seconds)
        elif call.failure.kind == "cancelled":
            self._board.abandoned(key)
        else:
            settings = catalog.settings.breaker
            self._board.failed(key, call.failure, settings, now=time.time())

    async def _kept(self, record: ModelAttempt, job: AttemptSpec, call: _Call) -> ModelAttempt:
        """Record an attempt with what was said."""
        said = call.raw and {"text": call.raw.text, "tool_calls": list(call.raw.calls)}
        asked = transcript(job.prompt.messages)
        kept = await self._store.attempts.record(record, prompt=asked, reply=said)
        await self._store.audit.note(_audited(kept, job))
        return kept


def _audited(kept: ModelAttempt, job: AttemptSpec) -> AuditDraft:
    """Return what the audit log says of an attempt; what was said stands in the payload store."""
    told = kept.model_dump(mode="json", include=_AUDITED)
    return AuditDraft(
        kind="attempt",
        at=time.time(),
        tenant=job.run.principal.tenant,
        thread_id=kept.thread_id,
        run_id=kept.run_id,
        body=told,
    )


def _is_refused(failure: AttemptFailure | None) -> bool:
    return failure is not None and ((failure.status or 0) >= 400 or failure.kind in REFUSALS)


def _bill(call: _Call, catalog: Catalog, model: ModelSettings) -> _Bill | None:
    """Work out what to settle at; `None` if nothing can have been billed."""
    began = call.heard.said or call.heard.usages
    if not call.wire.sent or (_is_refused(call.failure) and not began):
        return None
    said = believed(
        None if call.raw is None else call.raw.used,
        CallBounds(
            reserved_input=call.input_tokens,
            most_input=call.weight.bound,
            least_input=call.weight.text // FEWEST_BYTES,
            output_limit=call.reservation.output_tokens * call.choices,
            said=call.heard.said,
            events=0 if call.raw is not None or call.heard.said else call.wire.events,
        ),
    )
    price, used = catalog.price(model), said.used
    if price is None:
        return _Bill(used=used, usd=None, estimated=said.estimated)
    if said.reported:
        usd = price.cost(used, at=call.started_at)
    else:
        usd = price.ceiling(used.input_tokens, used.output_tokens, at=call.started_at)
    return _Bill(used=used, usd=usd, estimated=said.estimated)


def _record(job: AttemptSpec, call: _Call, bill: _Bill, seconds: float) -> ModelAttempt:
    failure = call.failure
    return ModelAttempt(
        id=uuid.uuid4().hex,
        run_id=job.run.id,
        thread_id=job.run.thread_id,
        principal=job.run.principal.id,
        step=job.step,
        role=job.role,
        model=job.candidate.model,
        endpoint=job.candidate.endpoint,
        why=job.why,
        outcome="ok" if failure is None else failure.kind,
        error="" if failure is None else job.masked(failure.message),
        input_tokens=bill.used.input_tokens,
        cached_input_tokens=bill.used.cached_input_tokens,
        output_tokens=bill.used.output_tokens,
        reasoning_tokens=bill.used.reasoning_tokens,
        usd=bill.usd,
        reserved_usd=call.reservation.usd,
        estimated=bill.estimated,
        density=0.0 if bill.estimated else density_of(call.weight, bill.used.input_tokens),
        seconds=seconds,
        first_token_seconds=call.heard.first,
        started_at=call.started_at,
    )


def _announce(job: AttemptSpec, call: _Call, record: ModelAttempt) -> None:
    if call.spoke and call.failure is not None:
        job.emit({"event": "discard", "step": job.step})
    if call.raw is not None and (names := job.invented(call.raw)):
        job.emit({"event": "unknown_pseudonyms", "pseudonyms": [*names], "step": job.step})
    job.emit(
        {
            "event": "model_attempt",
            "model": record.model,
            "endpoint": record.endpoint,
            "why": record.why,
            "outcome": record.outcome,
            "usd": record.usd,
            "seconds": record.seconds,
            "role": record.role,
            "step": record.step,
        }
    )


def _not_called(message: str) -> CallEnd:
    return CallEnd(failure=AttemptFailure(kind="unavailable", message=message))
