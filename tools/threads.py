"""Threads for synchronous tools: bounded, and never waited for when the process ends."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import threading
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from ..state.forks import new_lock, renew_in_child

T = TypeVar("T")


class NoThreadError(Exception):
    """Every thread is taken and none came free in time; the function was not started."""


_noted: contextvars.ContextVar[list[threading.Thread] | None] = contextvars.ContextVar(
    "noted", default=None
)


@contextmanager
def noting_threads() -> Generator[list[threading.Thread], None, None]:
    """Note the threads that are started in this context, which may outlive whoever waits."""
    threads: list[threading.Thread] = []
    token = _noted.set(threads)
    try:
        yield threads
    finally:
        _noted.reset(token)


class Threads:
    """Runs synchronous functions in at most `limit` threads, for callers on any event loop.

    A call that hangs keeps its thread, but only its thread: the limit bounds what is left behind.
    The threads are daemons, because an executor's threads would be joined when the interpreter
    exits, and one hanging tool would keep the process from ending.

    Args:
        limit: Most calls at one time.
        patience: Seconds to wait for a free thread.
    """

    def __init__(self, limit: int = 64, *, patience: float = 2.0) -> None:
        self._limit = self._free = limit
        self._patience = patience
        self._lock = new_lock()
        self._waiting: deque[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = deque()

    def start_over(self) -> None:
        """Forget the threads that stayed with the parent of a forked process."""
        self._free = self._limit
        self._waiting.clear()

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """Run `function` in a thread, with the caller's context variables.

        A thread cannot be stopped. Cancelled once, this goes on until the thread ends and returns
        what it returned, so that nobody takes the call for over before; cancelled again, it ends.

        Raises:
            NoThreadError: No thread came free; nothing was started.
        """
        await self._take()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        context = contextvars.copy_context()

        def work() -> None:
            try:
                result = context.run(function, *args)
            except BaseException as error:  # noqa: BLE001 - handed to the caller, whatever it is
                self._give_back()
                _deliver(loop, done, None, error)
            else:
                self._give_back()
                _deliver(loop, done, result, None)

        thread = threading.Thread(target=work, name="pointsman-tool", daemon=True)
        thread.start()
        if (noted := _noted.get()) is not None:
            noted.append(thread)
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            done.add_done_callback(_look_away)
            await asyncio.wait({done})
            return done.result()

    async def _take(self) -> None:
        loop = asyncio.get_running_loop()
        with self._lock:
            if self._free > 0:
                self._free -= 1
                return
            turn: asyncio.Future[None] = loop.create_future()
            self._waiting.append((loop, turn))
        try:
            await asyncio.wait_for(asyncio.shield(turn), self._patience)
        except TimeoutError:
            if not self._leave(loop, turn):
                return
            raise NoThreadError from None
        except asyncio.CancelledError:
            if not self._leave(loop, turn):
                self._give_back()
            raise

    def _leave(self, loop: asyncio.AbstractEventLoop, turn: asyncio.Future[None]) -> bool:
        """Stop waiting; return whether the turn had not been given yet."""
        with self._lock, suppress(ValueError):
            self._waiting.remove((loop, turn))
            return True
        return False

    def _give_back(self) -> None:
        with self._lock:
            while self._waiting:
                loop, turn = self._waiting.popleft()
                # A waiter whose loop is closed has gone; the next one gets the thread.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(_set, turn)
                    return
            self._free += 1


def _look_away(done: asyncio.Future[Any]) -> None:
    """Retrieve an exception that nobody may wait for any more, or asyncio would report it."""
    if not done.cancelled():
        done.exception()


def _set(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)


def _deliver(
    loop: asyncio.AbstractEventLoop,
    done: asyncio.Future[T],
    result: T | None,
    error: BaseException | None,
) -> None:
    def set_outcome() -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(result)  # pyright: ignore[reportArgumentType]
        elif isinstance(error, Exception) and not isinstance(error, StopIteration):
            done.set_exception(error)
        else:
            # In a future, StopIteration is forbidden, and SystemExit would end the caller's loop.
            done.set_exception(RuntimeError(f"{type(error).__name__} in a tool's thread: {error}"))

    # A closed loop has no caller left to tell.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(set_outcome)


TOOL_THREADS = Threads()
"""The threads of this process for synchronous tools."""

renew_in_child(TOOL_THREADS.start_over)


async def either_way(function: Callable[..., Any], *args: Any) -> Any:
    """Call what people write with or without `async`; without it, it runs in a thread.

    Called on the event loop it would hold up everybody, and what it raises would end more than it.
    """
    if inspect.iscoroutinefunction(function):
        return await function(*args)
    made = await TOOL_THREADS.run(functools.partial(function, *args))
    return await made if inspect.isawaitable(made) else made
