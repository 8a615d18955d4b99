"""One request on the wire: whether it left, and how much came back.

The provider decides how long a reply is, and libraries read it to its end before anybody may judge
it. So its bytes are counted where they arrive, and reading ends where no reply that keeps to its
output limit can go on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass, field

import httpx

from ..failures.classes import RejectedReplyError

ROOM = 1 << 20
"""Bytes that any reply may have, whatever its output limit."""
DOCUMENT_BYTES = 128
"""Bytes of a JSON document for each token of the limit; escapes and log-probabilities count."""
EVENT_BYTES = 4_096
"""Bytes of a stream for each token of the limit; every event repeats the envelope."""

TAIL_BYTES = 16_384
"""Bytes of a stream that are kept."""

SENDING = (".send_request_headers.started", ".send_connection_init.started")


@dataclass(kw_only=True)
class Wire:
    """What became of one request on the wire."""

    limit: int = 1 << 20
    """Tokens that the reply may have."""
    sent: bool = False
    """The request's first byte has left; from here on the provider may bill it."""
    received: int = 0
    """Bytes of the reply's body."""
    events: int = 0
    """Events of a stream, about one for each token."""
    document: bytearray = field(default_factory=bytearray, repr=False)
    """The body of a reply that is one JSON document."""
    tail: bytearray = field(default_factory=bytearray, repr=False)
    """The last bytes of a stream, where a provider says why it ends."""


WIRE: ContextVar[Wire | None] = ContextVar("pointsman_wire", default=None)
"""The wire of the attempt that the current task performs."""


async def watch(request: httpx.Request) -> None:
    """Note when a request leaves; an event hook of the client."""
    wire = WIRE.get()
    if wire is None:
        return

    async def trace(event: str, _info: object) -> None:
        if event.endswith(SENDING):
            wire.sent = True

    request.extensions["trace"] = trace


async def meter(response: httpx.Response) -> None:
    """Have the bytes of a reply counted and bounded; an event hook of the client."""
    wire = WIRE.get()
    if wire is None or not isinstance(response.stream, httpx.AsyncByteStream):
        return
    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        # We ask for none: a small compressed reply may be one of any size.
        raise RejectedReplyError("malformed_output", "the reply is compressed, and nobody asked")
    events = "text/event-stream" in response.headers.get("content-type", "")
    response.stream = _Metered(response.stream, wire, events=events)


class _Metered(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, wire: Wire, *, events: bool) -> None:
        self._stream = stream
        self._wire = wire
        self._events = events
        self._limit = ROOM + wire.limit * (EVENT_BYTES if events else DOCUMENT_BYTES)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        wire = self._wire
        async for part in self._stream:
            wire.received += len(part)
            if self._events:
                wire.events += part.count(b"data:")
                wire.tail += part
                del wire.tail[:-TAIL_BYTES]
            else:
                wire.document += part
            if wire.received > self._limit:
                raise RejectedReplyError(
                    "output_limit", f"the reply went on beyond {self._limit:,} bytes and was cut"
                )
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()
