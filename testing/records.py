"""What a gateway saw, what it answered, and what a provider would have billed for it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as checked_dataclass

from ..errors import ConfigError
from ..state.values import JsonObject
from .faults import FaultKind
from .playback import Playback
from .replies import STRICT, Endpoint, Reply, TokenUsage

Outcome = Literal["in_flight", "answered", "cut", "client_gone", "stopped"]
"""`cut`: ended early on purpose. `client_gone`: the client closed the connection before the end.
`stopped`: the gateway was stopped meanwhile."""

NOTHING = TokenUsage()

Usd = Annotated[float, Field(ge=0)]


@checked_dataclass(frozen=True, kw_only=True, config=STRICT)
class Price:
    """US dollars for a million tokens."""

    input: Usd
    output: Usd
    """Reasoning tokens cost the same."""
    cached_input: Usd | None = None
    """The price of `input` if absent."""

    def cost(self, usage: TokenUsage) -> float:
        """Return the US dollars that a provider bills."""
        cached_price = self.input if self.cached_input is None else self.cached_input
        fresh = usage.input_tokens - usage.cached_input_tokens
        micro = fresh * self.input + usage.cached_input_tokens * cached_price
        return (micro + usage.output_tokens * self.output) / 1_000_000


@dataclass(frozen=True, kw_only=True)
class RequestRecord:
    """One request, in the order of arrival."""

    number: int
    """From 1; the response carries it as `x-request-id: req_<number>`."""
    method: str
    path: str
    endpoint: Endpoint | None
    """`None` for a path that the gateway does not have."""
    model: str
    stream: bool
    body: JsonObject = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    """Lower-case names, without the key and cookies."""
    started_at: float
    """Unix time."""
    status: int = 0
    """0 until the answer is known, and where the connection was reset instead."""
    fault: FaultKind | None = None
    reply: Reply | None = field(default=None, repr=False)
    """The scripted reply that was played, if one was."""
    unexpected: str = ""
    """Why the script had no answer; the client got status 418."""
    outcome: Outcome = "in_flight"
    billed: TokenUsage = NOTHING
    billed_usd: float | None = 0.0
    """`None` if tokens were billed and the model has no price."""
    seconds: float = 0.0
    """From arrival to the last byte, or to the end of the connection."""

    @property
    def client_gone(self) -> bool:
        """Whether the client closed the connection before the response ended."""
        return self.outcome == "client_gone"


class RequestLog:
    """The records, written by the gateway's thread and read by any."""

    def __init__(self, prices: Mapping[str, Price]) -> None:
        self._prices = prices
        self._records: list[RequestRecord] = []
        self._changed = threading.Condition()

    def open(self, describe: Callable[[int], RequestRecord]) -> RequestRecord:
        """Give an arriving request its number."""
        with self._changed:
            record = describe(len(self._records) + 1)
            self._records.append(record)
            self._changed.notify_all()
        return record

    def update(self, number: int, **changes: Any) -> None:
        """Note what has become known of a request."""
        with self._changed:
            record = replace(self._records[number - 1], **changes)
            self._records[number - 1] = replace(record, billed_usd=self._usd(record))
            self._changed.notify_all()

    def all(self) -> Sequence[RequestRecord]:
        """Return a copy of the records."""
        with self._changed:
            return tuple(self._records)

    def wait(self, ready: Callable[[Sequence[RequestRecord]], bool], timeout: float) -> bool:
        """Wait until the records satisfy a condition; say whether they do."""
        with self._changed:
            return self._changed.wait_for(lambda: ready(self._records), timeout)

    def billed_usd(self) -> float:
        """Add up what was billed, in US dollars.

        Raises:
            ConfigError: Tokens of a model without a price were billed.
        """
        records = self.all()
        unpriced = sorted({r.model for r in records if r.billed_usd is None})
        if unpriced:
            raise ConfigError(
                f"Tokens of {unpriced} were billed, which have no price.",
                where="ScriptedGateway.prices",
                fix="Add a Price for each.",
            )
        return math.fsum(r.billed_usd or 0.0 for r in records)

    def _usd(self, record: RequestRecord) -> float | None:
        price = self._prices.get(record.model)
        if price is not None:
            return price.cost(record.billed)
        return 0.0 if record.billed == NOTHING else None


class RecordMeter:
    """Writes the progress of one response into the log."""

    def __init__(self, log: RequestLog, record: RequestRecord) -> None:
        self._log = log
        self._record = record
        self._usage = NOTHING
        self._ended = False

    def start(self, playback: Playback) -> None:
        """Bill the input, and the output of a document, which exists before its first byte."""
        self._usage = playback.usage
        documents = playback.frames if playback.length is not None else ()
        self.produce(max((frame.produced for frame in documents), default=0))

    def produce(self, output_tokens: int) -> None:
        """Bill the output up to here."""
        usage = self._usage
        billed = TokenUsage(
            input_tokens=usage.input_tokens,
            output_tokens=output_tokens,
            cached_input_tokens=usage.cached_input_tokens,
            reasoning_tokens=min(usage.reasoning_tokens, output_tokens),
        )
        self._log.update(self._record.number, billed=billed)

    def end(self, outcome: Outcome) -> None:
        """Close the record; what ended it first is what ended it.

        A gateway may be stopped as soon as a test has seen the outcome, when the exchange itself
        still has a step or two to go.
        """
        if self._ended:
            return
        self._ended = True
        seconds = time.time() - self._record.started_at
        self._log.update(self._record.number, outcome=outcome, seconds=seconds)
