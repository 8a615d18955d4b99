"""A TCP listener on a thread and event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import partial

from ..errors import ConfigError
from .connection import Connection

STOP_SECONDS = 10.0
BACKLOG = 1024

Talk = Callable[[Connection], Awaitable[None]]


class Listener:
    """Hands every connection to `talk`, each in a task that ends with the listener.

    Args:
        talk: Serves one connection until its end.
        host: Where to listen.
        port: Where to listen; 0 picks a free port, which is kept when it starts again.
    """

    def __init__(self, talk: Talk, *, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._talk = talk
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], object] = lambda: None
        self._started = threading.Event()
        self._error: OSError | None = None

    def start(self) -> None:
        """Listen. Returns once clients can connect.

        Raises:
            ConfigError: It listens already, or the port is taken.
        """
        where = f"{self.host}:{self.port}"
        if self._thread is not None:
            raise ConfigError("The gateway is running.", where=where, fix="Stop it first.")
        self._started.clear()
        thread = threading.Thread(target=self._run, name="scripted-gateway", daemon=True)
        thread.start()
        self._started.wait()
        if self._error is not None:
            thread.join()
            raise ConfigError(f"Cannot listen: {self._error}.", where=where, fix="Use port 0.")
        self._thread = thread

    def stop(self) -> None:
        """Drop every connection and stop listening. Stopping twice changes nothing."""
        if self._thread is not None:
            self._stop()
            self._thread.join(STOP_SECONDS)
            self._thread = None

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        talks: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._converse(Connection(reader, writer)))
            talks.add(task)
            task.add_done_callback(talks.discard)

        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._stop = partial(loop.call_soon_threadsafe, stopping.set)
        server = await self._listen(accept)
        if server is None:
            return
        await stopping.wait()
        server.close()
        ending = tuple(talks)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await server.wait_closed()

    async def _listen(
        self, accept: Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]
    ) -> asyncio.Server | None:
        self._error = None
        try:
            server = await asyncio.start_server(accept, self.host, self.port, backlog=BACKLOG)
        except OSError as error:
            self._error = error
            return None
        else:
            self.port = server.sockets[0].getsockname()[1]
            return server
        finally:
            self._started.set()

    async def _converse(self, connection: Connection) -> None:
        try:
            await self._talk(connection)
        finally:
            connection.close()
