"""One request through its candidates: attempts, retries and fallbacks until one reply holds."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.messages import BaseMessage

from ...errors import BudgetExceededError, EndpointError, OutputError
from ...state.run import Run
from ...state.usage import Usage
from ...state.values import JsonObject
from ...stores.records import Cap
from ..catalog.settings import Catalog, ModelSettings
from ..catalog.timeouts import Timeouts
from ..failures.classes import AttemptFailure
from ..failures.next_attempt import NextAttempt, Option, Patience, attempt_after
from ..requests import Candidate, Emit, ModelReply, ModelRequest
from .attempt import Accepted, Attempts, AttemptSpec, CallEnd
from .calls import Prompt
from .conversation import portable
from .convert import Converters, media_to_text
from .hedge import race
from .judge import judge
from .parameters import own_limit
from .prompt_masking import PromptMasking
from .structured import reasked

MAX_EXTENSIONS = 8
"""How many times the asked output limit a reply that was cut off may grow to."""


@dataclass(kw_only=True)
class _Ask:
    """How the current candidate is asked."""

    candidate: Candidate
    messages: Sequence[BaseMessage]
    max_output_tokens: int
    why: str


@dataclass(kw_only=True)
class RequestInFlight:
    """The state of one request on its way through the candidates."""

    request: ModelRequest
    run: Run
    step: str
    emit: Emit
    caps: Sequence[Cap]
    catalog: Catalog
    attempts: Attempts
    converters: Converters
    candidates: Sequence[Candidate]
    guards: Sequence[str]
    masking: PromptMasking
    hedge_after: Callable[[ModelSettings], float | None]
    """Seconds after which a second candidate starts, if it should."""
    waiting: deque[Candidate] = field(init=False)
    history: list[tuple[str, AttemptFailure]] = field(
        default_factory=list[tuple[str, AttemptFailure]]
    )
    usage: Usage = field(default_factory=Usage)
    refused: BudgetExceededError | None = None

    def __post_init__(self) -> None:
        self.waiting = deque(self.candidates)

    async def reply(self) -> ModelReply:
        """Return the first reply that holds. Raises as `Gateway.complete` says."""
        ask = await self._next_ask("")
        while ask is not None:
            ask, outcome = await self._try(ask)
            if outcome.accepted is not None:
                return self._reply(ask, outcome.accepted)
            if outcome.failure is not None:
                ask = await self._follow(ask)
            else:
                ask = await self._next_ask("the budget does not pay for the one before")
        raise self._exhausted()

    async def _try(self, ask: _Ask) -> tuple[_Ask, CallEnd]:
        """Perform the ask's attempt, and a rival's beside it where it takes long."""
        after = None if self.request.stream else self.hedge_after(self._model(ask.candidate))
        if after is None or not self.waiting:
            return ask, await self._perform(ask)
        asks = [ask]

        async def rival() -> Coroutine[Any, Any, CallEnd] | None:
            other = await self._next_ask(f"hedge: {ask.candidate.name} took over {after:.1f} s")
            if other is None:
                return None
            asks.append(other)
            return self._perform(other)

        number, outcome = await race(
            self._perform(ask), second=rival, after=after, good=lambda o: o.accepted is not None
        )
        return asks[number], outcome

    async def _perform(self, ask: _Ask) -> CallEnd:
        try:
            outcome = await self.attempts.perform(await self._job(ask), self.catalog)
        except BudgetExceededError as error:
            # A cheaper candidate may still fit.
            self.refused = error
            return CallEnd()
        if outcome.failure is not None:
            self.history.append((ask.candidate.name, outcome.failure))
        return outcome

    def _settled(self, usage: Usage) -> None:
        self.usage += usage

    async def _follow(self, ask: _Ask) -> _Ask | None:
        following = self._after(ask)
        failure = self.history[-1][1]
        if following.action == "stop":
            self.history[-1] = (ask.candidate.name, _because(failure, following))
            return None
        if following.action == "fallback":
            while self.waiting[0].name != following.to:
                self.waiting.popleft()
            return await self._next_ask(following.reason)
        await asyncio.sleep(following.wait)
        again = replace(ask, why=f"{ask.candidate.reason}; {following.reason}")
        if following.action == "reask":
            again.messages = reasked(again.messages, failure.reply, failure.message)
        if following.action == "extend":
            again.max_output_tokens = self._extended(ask)
        return again

    def _after(self, ask: _Ask) -> NextAttempt:
        retry = self.catalog.settings.retry
        return attempt_after(
            self.history,
            current=self._option(ask.candidate),
            others=[self._option(candidate) for candidate in self.waiting],
            limits=Patience(
                max_attempts=retry.max_attempts,
                backoff=retry.backoff_seconds,
                max_backoff=retry.max_backoff_seconds,
                patience=retry.patience_seconds,
                max_wait=retry.max_wait_seconds,
                deadline_at=self.run.deadline_at,
            ),
            now=time.time(),
            jitter=random.random(),  # noqa: S311 - spreads retries, hides nothing
        )

    async def _next_ask(self, reason: str) -> _Ask | None:
        if not self.waiting:
            return None
        candidate = self.waiting.popleft()
        messages: Sequence[BaseMessage] = self.request.messages
        if candidate.adapt == "convert_to_text":
            messages = await media_to_text(messages, self.converters)
        if self.history:
            messages = portable(messages)
        return _Ask(
            candidate=candidate,
            messages=messages,
            max_output_tokens=self._limit(candidate, self.request.max_output_tokens),
            why=f"{candidate.reason}; {reason}" if reason else candidate.reason,
        )

    async def _job(self, ask: _Ask) -> AttemptSpec:
        request, masking = self.request, self.masking
        meant = Prompt(
            messages=ask.messages,
            schema=request.schema,
            stream=request.stream,
            batch=request.signals.latency == "batch",
        )
        messages, schema = await masking.prompt(
            ask.messages, request.schema, endpoint=ask.candidate.endpoint
        )
        as_json = schema is not None
        model = self.catalog.get(ask.candidate.name)
        wanted = ask.max_output_tokens
        return AttemptSpec(
            candidate=ask.candidate,
            model=model,
            prompt=replace(meant, messages=messages, schema=schema),
            accept=lambda raw: judge(masking.reply(raw, as_json=as_json), meant, self.guards),
            masked=masking.text,
            invented=masking.invented,
            max_output_tokens=wanted,
            min_output_tokens=min(wanted, self.catalog.settings.budget.min_output_tokens),
            timeouts=self._timeouts(model),
            why=ask.why,
            role=request.signals.role,
            run=self.run,
            step=self.step,
            caps=self.caps,
            emit=masking.emit(self.emit, as_json=as_json),
            settled=self._settled,
        )

    def _timeouts(self, model: ModelSettings) -> Timeouts:
        """Return what the settings, the task and the deadline leave for one attempt."""
        set_ = self.catalog.timeouts(model, self.request.signals.role)
        bounds = [set_.total if self.request.timeout is None else self.request.timeout]
        if self.run.deadline_at is not None:
            bounds.append(self.run.deadline_at - time.time())
        if min(bounds) <= 0:
            raise EndpointError(
                "The run's deadline has passed.", failure="timeout", where=f"step {self.step}"
            )
        return replace(set_, total=min(bounds))

    def _limit(self, candidate: Candidate, wanted: int) -> int:
        model = self._model(candidate)
        limits = (model.max_output, own_limit(model.parameters))
        return min([wanted, *(limit for limit in limits if limit is not None)])

    def _extended(self, ask: _Ask) -> int:
        longer = min(ask.max_output_tokens * 4, self.request.max_output_tokens * MAX_EXTENSIONS)
        return self._limit(ask.candidate, longer)

    def _model(self, candidate: Candidate) -> ModelSettings:
        return self.catalog.get(candidate.name)

    def _option(self, candidate: Candidate) -> Option:
        window = self._model(candidate).context_window
        return Option(name=candidate.name, endpoint=candidate.endpoint, context_window=window)

    def _reply(self, ask: _Ask, accepted: Accepted) -> ModelReply:
        return ModelReply(
            text=accepted.text,
            data=accepted.data,
            model=ask.candidate.model,
            endpoint=ask.candidate.endpoint,
            why=ask.why,
            usage=self.usage,
            attempts=self.usage.model_calls,
        )

    def _exhausted(self) -> Exception:
        if self.refused is not None:
            return self.refused
        lines = "; ".join(f"{name}: {f.kind}: {f.message}" for name, f in self.history)
        kinds = {failure.kind for _, failure in self.history}
        where = f"step {self.step}" if self.step else self.request.signals.role
        if kinds and kinds <= {"malformed_output", "output_limit"}:
            return OutputError(f"No model replied as asked ({lines}).", where=where)
        return EndpointError(
            f"No model gave a reply ({lines or 'there is no candidate'}).",
            failure=self.history[-1][1].kind if self.history else "unknown_model",
            retry_after=self.history[-1][1].retry_after if self.history else None,
            where=where,
            fix="See `pointsman models` for the health of the endpoints.",
        )


def _because(failure: AttemptFailure, following: NextAttempt) -> AttemptFailure:
    return failure.model_copy(update={"message": f"{failure.message} ({following.reason})"})


def silent(_event: JsonObject) -> None:
    """Receive an event that nobody wants."""
