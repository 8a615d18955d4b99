"""One HTTP/1.1 connection of the gateway: it can send, dawdle, hang up and reset.

Frameworks protect applications from broken connections; here breaking them is the purpose, so this
works on the socket, with h11 for the protocol.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import h11

from .playback import Frame, Playback
from .records import RecordMeter

MAX_BODY = 64 * 1024 * 1024
READ_SIZE = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    """Lower-case names."""
    body: bytes


class Connection:
    """A client connection, kept alive from request to request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)

    async def receive(self) -> HttpRequest | None:
        """Return the next request, or `None` when the client is done or talks nonsense."""
        if self._http.our_state is h11.DONE:
            self._http.start_next_cycle()
        try:
            head = await self._event()
            if not isinstance(head, h11.Request):
                return None
            body = bytearray()
            while isinstance(event := await self._event(), h11.Data):
                body += event.data
                if len(body) > MAX_BODY:
                    return None
        except (h11.RemoteProtocolError, ConnectionError):
            return None
        headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
        return HttpRequest(
            method=head.method.decode(),
            path=head.target.decode().partition("?")[0],
            headers=headers,
            body=bytes(body),
        )

    async def play(self, playback: Playback, meter: RecordMeter, *, request_id: str) -> bool:
        """Send a response. Return whether the connection can serve another request."""
        sending = asyncio.create_task(self._send(playback, meter, request_id))
        leaving = asyncio.create_task(self._client_leaves())
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            gone = not sending.done()
        finally:
            sending.cancel()
            leaving.cancel()
            [sent, _] = await asyncio.gather(sending, leaving, return_exceptions=True)
        if gone or isinstance(sent, ConnectionError):
            meter.end("client_gone")
            return False
        if isinstance(sent, BaseException):
            raise sent
        return sent

    def close(self) -> None:
        """Drop the connection and what has not been sent."""
        self._writer.transport.abort()

    async def _event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
                await self._write(self._http.send(go_on))
            self._http.receive_data(await self._reader.read(READ_SIZE))
        return event

    async def _client_leaves(self) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await self._reader.read(READ_SIZE):
                self._http.receive_data(data)

    async def _send(self, playback: Playback, meter: RecordMeter, request_id: str) -> bool:
        if playback.end == "reset":
            meter.end("cut")
            self._reset()
            return False
        meter.start(playback)
        await asyncio.sleep(playback.delay)
        await self._write(self._head(playback, request_id))
        complete = playback.end == "complete"
        *rest, last = playback.frames or (Frame(data=b""),)
        await self._send_frames(rest, meter, playback.pace)
        if not complete:
            await self._send_frames([last], meter, 0)
            return await self._break_off(playback, meter)
        # Noted before the last byte leaves: whoever has the whole reply finds a settled record.
        meter.produce(last.produced)
        meter.end("answered")
        await self._write(self._data(last) + self._http.send(h11.EndOfMessage()))
        return self._http.our_state is h11.DONE

    async def _send_frames(self, frames: Sequence[Frame], meter: RecordMeter, pace: float) -> None:
        for frame in frames:
            meter.produce(frame.produced)
            await self._write(self._data(frame))
            await asyncio.sleep(pace)

    async def _break_off(self, playback: Playback, meter: RecordMeter) -> bool:
        if playback.end == "stall":
            await asyncio.Event().wait()
        meter.end("cut")
        self._writer.close()
        return False

    def _reset(self) -> None:
        """Close with RST instead of FIN, so that the client reads an error and no end."""
        sock: socket.socket = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def _head(self, playback: Playback, request_id: str) -> bytes:
        headers = {"content-type": playback.content_type, "x-request-id": request_id}
        headers.update(playback.headers)
        if playback.length is None:
            headers["transfer-encoding"] = "chunked"
        else:
            headers["content-length"] = str(playback.length)
        head = h11.Response(status_code=playback.status, headers=list(headers.items()))
        return self._http.send(head) or b""

    def _data(self, frame: Frame) -> bytes:
        return self._http.send(h11.Data(data=frame.data)) or b"" if frame.data else b""

    async def _write(self, data: bytes | None) -> None:
        self._writer.write(data or b"")
        await self._writer.drain()
