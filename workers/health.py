"""Health: whether a worker looks for work, over HTTP for whoever restarts or replaces it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

from ..errors import ConfigError
from ..state.values import JsonObject
from .worker import Worker

PATH = "/healthz"
_PATIENCE_SECONDS = 5.0
"""For a client to send its request."""
_MOST_BYTES = 8192


def health_of(worker: Worker, *, now: float, patience: float) -> tuple[HTTPStatus, JsonObject]:
    """Return whether a worker is well, and what it is at.

    Args:
        worker: The worker.
        now: Unix time in seconds.
        patience: Seconds without a look at the store after which it is not.
    """
    silent = now - worker.seen_at > patience
    problem = worker.problem or (f"No look for {patience:g} seconds." if silent else "")
    status = "stopping" if worker.closing else "failing" if problem else "ok"
    facts: JsonObject = {
        "status": status,
        "at_work": worker.at_work,
        "finished": worker.finished,
        "problem": problem,
    }
    return (HTTPStatus.OK if status == "ok" else HTTPStatus.SERVICE_UNAVAILABLE), facts


@asynccontextmanager
async def serve_health(
    worker: Worker,
    *,
    host: str,
    port: int,
    patience: float,
    clock: Callable[[], float] = time.time,
) -> AsyncGenerator[int, None]:
    """Answer `GET /healthz` while the context is open.

    Args:
        worker: The worker.
        host: Address to listen on.
        port: Port; 0 for any.
        patience: See `health_of`.
        clock: Unix time in seconds, as the worker has it.

    Returns:
        The port.

    Raises:
        ConfigError: It cannot listen there.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _PATIENCE_SECONDS)
            status, facts = _reply(head, worker, now=clock(), patience=patience)
            writer.write(_response(status, facts))
            await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.write(_response(HTTPStatus.BAD_REQUEST, {}))
        except ConnectionError:
            return
        finally:
            writer.close()

    try:
        server = await asyncio.start_server(answer, host, port, limit=_MOST_BYTES)
    except OSError as error:
        raise ConfigError(
            f"It cannot listen there: {error.strerror}.",
            where=f"{host}:{port}",
            fix="Give another --health-port.",
        ) from error
    async with server:
        yield server.sockets[0].getsockname()[1]


def _reply(
    head: bytes, worker: Worker, *, now: float, patience: float
) -> tuple[HTTPStatus, JsonObject]:
    method, path, *_ = [*head.partition(b"\r\n")[0].decode("latin-1").split(" "), "", ""]
    if path.partition("?")[0] != PATH:
        return HTTPStatus.NOT_FOUND, {}
    if method not in ("GET", "HEAD"):
        return HTTPStatus.METHOD_NOT_ALLOWED, {}
    return health_of(worker, now=now, patience=patience)


def _response(status: HTTPStatus, facts: JsonObject) -> bytes:
    body = json.dumps(facts).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
