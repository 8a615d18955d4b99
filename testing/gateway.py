"""`ScriptedGateway`: an OpenAI-compatible server on loopback that misbehaves on request."""

from __future__ import annotations

import asyncio
import hmac
import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Self

from ..state.values import JsonObject
from . import playback as respond
from .completion import CountTokens, count_tokens
from .connection import Connection, HttpRequest
from .faults import ErrorBody
from .listener import Listener
from .playback import STAND_IN, Playback
from .reading import read_record
from .records import Price, RecordMeter, RequestLog, RequestRecord
from .replies import Fault, GatewayRequest, ModelScript, Reply, ScriptItem, as_gateway_reply
from .script import Script, Served


class ScriptedGateway:
    """An OpenAI-compatible HTTP server whose every reply and fault is scripted.

    It runs on a thread of its own, so that any event loop, and any other process, can talk to it.
    Use it as a context manager, sync or async, or call `start` and `stop`.

    Args:
        models: What each model says: entries used one after the other, or one responder.
        default: What every request gets for which the script has nothing, for load tests.
            Without it such a request is answered with status 418 and fails `assert_complete`.
        faults: Misbehaviour by model, request number or chance; the first that applies happens.
        api_key: If set, requests must carry it as a bearer token.
        prices: US dollars for a million tokens, by model, for `billed_usd`.
        count_tokens: Counts the tokens of a text; a token per four characters, plus one.
        seed: Of the faults that happen by chance.
        host: Where to listen.
        port: Where to listen; 0 picks a free port, which is kept over restarts.
    """

    def __init__(
        self,
        models: Mapping[str, ModelScript] | None = None,
        *,
        default: ScriptItem | None = None,
        faults: Sequence[Fault] = (),
        api_key: str = "",
        prices: Mapping[str, Price] | None = None,
        count_tokens: CountTokens = count_tokens,
        seed: int = 0,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._script = Script(models or {}, default=default, faults=faults, seed=seed)
        self._log = RequestLog(prices or {})
        self._count = count_tokens
        self._api_key = api_key
        self._listener = Listener(self._talk, host=host, port=port)

    @property
    def base_url(self) -> str:
        """What an OpenAI client takes as its base URL, `/v1` included."""
        return f"http://{self._listener.host}:{self._listener.port}/v1"

    @property
    def requests(self) -> Sequence[RequestRecord]:
        """All requests in the order of arrival, those still in flight included."""
        return self._log.all()

    def billed_usd(self) -> float:
        """Return what a provider would have billed so far, in US dollars.

        Input tokens are billed once generation starts, output tokens as they are produced, whether
        or not the client is still there; a reply that is not streamed is produced as a whole before
        its first byte. Errors, resets and pages of HTML cost nothing.

        Raises:
            ConfigError: Tokens of a model without a price were billed.
        """
        return self._log.billed_usd()

    def wait_for_requests(self, count: int, *, timeout: float = 10.0) -> bool:
        """Wait until so many requests have arrived; say whether they have."""
        return self._log.wait(lambda records: len(records) >= count, timeout)

    def wait_idle(self, *, timeout: float = 10.0) -> bool:
        """Wait until no request is in flight; say whether that is so."""
        return self._log.wait(lambda rs: all(r.outcome != "in_flight" for r in rs), timeout)

    def assert_complete(self) -> None:
        """Check that the script was played to its end and that nothing else was asked.

        Raises:
            AssertionError: It lists the replies that are left and the unexpected requests.
        """
        problems = [f"request {r.number}: {r.unexpected}" for r in self.requests if r.unexpected]
        problems += [
            f"model '{model}': {count} scripted replies were not asked for"
            for model, count in self._script.leftover().items()
        ]
        if problems:
            raise AssertionError("The script was not followed:\n  " + "\n  ".join(problems))

    def start(self) -> Self:
        """Listen. Returns once clients can connect.

        Raises:
            ConfigError: The gateway runs already, or the port is taken.
        """
        self._listener.start()
        return self

    def stop(self) -> None:
        """Drop every connection and stop listening. Stopping twice changes nothing."""
        self._listener.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    async def _talk(self, connection: Connection) -> None:
        alive = True
        while alive and (request := await connection.receive()) is not None:
            alive = await self._exchange(connection, request)

    async def _exchange(self, connection: Connection, http: HttpRequest) -> bool:
        record = self._log.open(lambda number: read_record(number, http))
        meter = RecordMeter(self._log, record)
        try:
            playback = await self._answer(record, http)
            self._log.update(record.number, status=playback.status)
            return await connection.play(playback, meter, request_id=f"req_{record.number}")
        except asyncio.CancelledError:
            meter.end("stopped")
            raise

    async def _answer(self, record: RequestRecord, http: HttpRequest) -> Playback:
        if record.endpoint is None:
            return self._unexpected(record, f"There is no {http.method} {http.path}.")
        if not self._authorized(http):
            return respond.disturb(Playback(), Fault(kind="unauthorized"))
        request = GatewayRequest(
            number=record.number,
            endpoint=record.endpoint,
            model=record.model,
            body=record.body,
            headers=record.headers,
        )
        served = self._script.next(request)
        if served.unexpected:
            return self._unexpected(record, served.unexpected)
        return await self._play_turn(record, request, served)

    async def _play_turn(
        self, record: RequestRecord, request: GatewayRequest, served: Served
    ) -> Playback:
        answer = served.item
        if callable(answer):
            try:
                answer = answer(request)
                if inspect.isawaitable(answer):
                    answer = await answer
            except Exception as error:  # noqa: BLE001 - a test's own code; it fails the test's check
                return self._unexpected(record, f"The responder raised {error!r}.")
        reply, fault = _read_served(answer, served.fault)
        played = None if reply is STAND_IN else reply
        self._log.update(record.number, fault=fault and fault.kind, reply=played)
        if request.endpoint == "models":
            return respond.disturb(respond.plain(self._models()), fault)
        compose = respond.chat if request.endpoint == "chat" else respond.transcription
        return compose(request, reply, fault, self._count)

    def _unexpected(self, record: RequestRecord, why: str) -> Playback:
        self._log.update(record.number, unexpected=why)
        body = ErrorBody(status=418, type="unexpected_request", code="unscripted", message=why)
        return respond.error(body)

    def _authorized(self, http: HttpRequest) -> bool:
        given = http.headers.get("authorization", "").encode()
        return not self._api_key or hmac.compare_digest(given, f"Bearer {self._api_key}".encode())

    def _models(self) -> JsonObject:
        models = [
            {"id": name, "object": "model", "created": 0, "owned_by": "pointsman-testing"}
            for name in self._script.models
        ]
        return {"object": "list", "data": models}


def _read_served(answer: Any, fault: Fault | None) -> tuple[Reply, Fault | None]:
    read = as_gateway_reply(answer) if answer is not None else STAND_IN
    if isinstance(read, Fault):
        fault, read = read, STAND_IN
    if fault is not None and fault.reply is not None:
        read = fault.reply
    return read, fault
