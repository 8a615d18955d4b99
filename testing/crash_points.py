"""Crash points: kill this process, as `kill -9` would, at a named moment of its work.

Product code knows nothing of it: the store, the checkpointer and the tools that an agent is built
from are wrapped, and each of their calls is a point before and a point after it. A point is named
by what is called, when, and which time: `effects.settle:before`, `checkpoints.aput:after:3`,
`tools.issue_refund:after`.

    crash = CrashPoints("effects.settle:before")
    agent = build_agent(tools=crash.tools(tools), store=crash.store(store), …)

Without a name nothing is killed, and `passed` lists the points that a healthy run goes through.
"""

from __future__ import annotations

import inspect
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from langgraph.checkpoint.base import BaseCheckpointSaver

from ..errors import ConfigError
from ..tools.contract import Tool

if TYPE_CHECKING:
    from ..stores.store import SqlStore

C = TypeVar("C", bound=BaseCheckpointSaver[Any])

CHECKPOINT_WRITES = ("put", "aput", "put_writes", "aput_writes")


class CrashPoints:
    """The points of one process, at one of which it ends.

    Args:
        at: `room.call:before` or `room.call:after`, with `:n` for the n-th time; "" for nowhere.

    Raises:
        ConfigError: The name has another form.
    """

    def __init__(self, at: str = "") -> None:
        self._at = _read(at) if at else None
        self._counts: Counter[str] = Counter()
        self.passed: list[str] = []

    def reached(self, point: str) -> None:
        """Pass a point, or end here: no handler runs, nothing is flushed."""
        self._counts[point] += 1
        name = f"{point}:{self._counts[point]}"
        self.passed.append(name)
        if name == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def store(self, store: SqlStore) -> SqlStore:
        """Return the store with points around every call of its rooms."""
        return cast("SqlStore", _WatchedStore(store, self))

    def checkpointer(self, saver: C) -> C:
        """Put points around the checkpointer's writes, and return it."""
        for name in CHECKPOINT_WRITES:
            setattr(saver, name, self.around(getattr(saver, name), f"checkpoints.{name}"))
        return saver

    def tools(self, tools: Sequence[Tool]) -> list[Tool]:
        """Return the tools with points around each call."""
        return [
            replace(
                tool,
                run=self.around(tool.run, f"tools.{tool.name}"),
                reconcile=tool.reconcile
                and self.around(tool.reconcile, f"tools.{tool.name}.reconcile"),
            )
            for tool in tools
        ]

    def around(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        """Return a function or coroutine function with a point before and one after each call."""
        if not inspect.iscoroutinefunction(call):

            @wraps(call)
            def points(*args: Any, **kwargs: Any) -> Any:
                self.reached(f"{name}:before")
                result = call(*args, **kwargs)
                self.reached(f"{name}:after")
                return result

            return points

        @wraps(call)
        async def async_points(*args: Any, **kwargs: Any) -> Any:
            self.reached(f"{name}:before")
            result = await call(*args, **kwargs)
            self.reached(f"{name}:after")
            return result

        return async_points


class _WatchedStore:
    """A store whose rooms are watched."""

    def __init__(self, store: SqlStore, points: CrashPoints) -> None:
        self._store, self._points = store, points

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return found if callable(found) else _WatchedRoom(found, name, self._points)


class _WatchedRoom:
    """A room of the store, whose coroutines are watched."""

    def __init__(self, room: Any, name: str, points: CrashPoints) -> None:
        self._room, self._name, self._points = room, name, points

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._room, name)
        if not inspect.iscoroutinefunction(found):
            return found
        return self._points.around(found, f"{self._name}.{name}")


def _read(at: str) -> str:
    name, _, rest = at.partition(":")
    when, _, time = rest.partition(":")
    if "." not in name or when not in ("before", "after") or not (time or "1").isdecimal():
        raise ConfigError(
            "It is not a crash point.",
            where=at,
            fix="Write room.call:before or room.call:after, with :n for the n-th time.",
        )
    return f"{name}:{when}:{time or 1}"
