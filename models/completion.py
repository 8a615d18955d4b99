"""One request through its candidates: attempts, retries and fallbacks until one reply holds."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from langchain_core.messages import BaseMessage

from ..errors import BudgetExceededError, EndpointError, OutputError
from ..state.run import Run
from ..state.usage import Usage
from ..state.values import JsonObject
from ..stores.protocols import Cap
from .attempt import Accepted, Attempts, Job, Outcome
from .calls import Prompt
from .catalog import Catalog, ModelSettings
from .conversation import portable
from .convert import Converters, media_to_text
from .failures import Failure, Move, Option, Patience, next_move
from .judge import judge
from .protocols import Candidate, Emit, ModelReply, ModelRequest
from .structured import reasked

MAX_EXTENSIONS = 8
"""How many times the asked output limit a reply that was cut off may grow to."""


@dataclass(kw_only=True)
class _Turn:
    """How the current candidate is asked."""

    candidate: Candidate
    messages: Sequence[BaseMessage]
    max_output_tokens: int
    why: str


@dataclass(kw_only=True)
class Completion:
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
    history: list[tuple[str, Failure]] = field(default_factory=list[tuple[str, Failure]])
    usage: Usage = field(default_factory=Usage)
    performed: int = 0
    refused: BudgetExceededError | None = None

    async def reply(self) -> ModelReply:
        """Return the first reply that holds. Raises as `ModelGateway.complete` says."""
        waiting = deque(self.candidates)
        turn = await self._next_turn(waiting, "")
        while turn is not None:
            outcome = await self._try(turn)
            if outcome is None:
                turn = await self._next_turn(waiting, "the budget does not pay for the one before")
                continue
            self.usage += outcome.usage
            self.performed += outcome.performed
            if outcome.accepted is not None:
                return self._reply(turn, outcome.accepted)
            self.history.append((turn.candidate.name, outcome.failure or Failure(kind="unknown")))
            turn = await self._follow(turn, waiting)
        raise self._exhausted()

    async def _try(self, turn: _Turn) -> Outcome | None:
        try:
            return await self.attempts.perform(self._job(turn), self.catalog)
        except BudgetExceededError as error:
            # A cheaper candidate may still fit.
            self.refused = error
            return None

    async def _follow(self, turn: _Turn, waiting: deque[Candidate]) -> _Turn | None:
        move = self._move(turn, waiting)
        failure = self.history[-1][1]
        if move.action == "stop":
            self.history[-1] = (turn.candidate.name, _because(failure, move))
            return None
        if move.action == "fallback":
            while waiting[0].name != move.to:
                waiting.popleft()
            return await self._next_turn(waiting, move.reason)
        await asyncio.sleep(move.wait)
        again = replace(turn, why=f"{turn.candidate.reason}; {move.reason}")
        if move.action == "reask":
            again.messages = reasked(again.messages, failure.reply, failure.message)
        if move.action == "extend":
            again.max_output_tokens = self._extended(turn)
        return again

    def _move(self, turn: _Turn, waiting: Sequence[Candidate]) -> Move:
        retry = self.catalog.settings.retry
        return next_move(
            self.history,
            current=self._option(turn.candidate),
            others=[self._option(candidate) for candidate in waiting],
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

    async def _next_turn(self, waiting: deque[Candidate], reason: str) -> _Turn | None:
        if not waiting:
            return None
        candidate = waiting.popleft()
        messages: Sequence[BaseMessage] = self.request.messages
        if candidate.adapt == "convert_to_text":
            messages = await media_to_text(messages, self.converters)
        if self.history:
            messages = portable(messages)
        return _Turn(
            candidate=candidate,
            messages=messages,
            max_output_tokens=self._limit(candidate, self.request.max_output_tokens),
            why=f"{candidate.reason}; {reason}" if reason else candidate.reason,
        )

    def _job(self, turn: _Turn) -> Job:
        request = self.request
        prompt = Prompt(
            messages=turn.messages,
            schema=request.schema,
            tools=request.tools,
            stream=request.stream,
            batch=request.signals.latency == "batch",
        )
        model = self.catalog.get(turn.candidate.name)
        wanted = turn.max_output_tokens
        return Job(
            candidate=turn.candidate,
            model=model,
            prompt=prompt,
            accept=lambda raw: judge(raw, prompt, self.guards),
            max_output_tokens=wanted,
            min_output_tokens=min(wanted, self.catalog.settings.budget.min_output_tokens),
            timeout=self._timeout(),
            why=turn.why,
            role=request.signals.role,
            run=self.run,
            step=self.step,
            caps=self.caps,
            emit=self.emit,
        )

    def _timeout(self) -> float:
        if self.run.deadline_at is None:
            return self.request.timeout
        left = self.run.deadline_at - time.time()
        if left <= 0:
            raise EndpointError(
                "The run's deadline has passed.", failure="timeout", where=f"step {self.step}"
            )
        return min(self.request.timeout, left)

    def _limit(self, candidate: Candidate, wanted: int) -> int:
        most = self._model(candidate).max_output
        return wanted if most is None else min(wanted, most)

    def _extended(self, turn: _Turn) -> int:
        longer = min(turn.max_output_tokens * 4, self.request.max_output_tokens * MAX_EXTENSIONS)
        return self._limit(turn.candidate, longer)

    def _model(self, candidate: Candidate) -> ModelSettings:
        return self.catalog.get(candidate.name)

    def _option(self, candidate: Candidate) -> Option:
        window = self._model(candidate).context_window
        return Option(name=candidate.name, endpoint=candidate.endpoint, context_window=window)

    def _reply(self, turn: _Turn, accepted: Accepted) -> ModelReply:
        return ModelReply(
            text=accepted.text,
            data=accepted.data,
            tool_calls=accepted.tool_calls,
            model=turn.candidate.model,
            endpoint=turn.candidate.endpoint,
            why=turn.why,
            usage=self.usage,
            attempts=self.performed,
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


def _because(failure: Failure, move: Move) -> Failure:
    return failure.model_copy(update={"message": f"{failure.message} ({move.reason})"})


def silent(_event: JsonObject) -> None:
    """Receive an event that nobody wants."""
