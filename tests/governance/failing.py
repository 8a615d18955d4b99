"""Stores, checkpointers and tools that fail at the n-th thing they are asked for."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from pointsman.errors import StoreError

LEASES = frozenset({"acquire", "release", "holder"})
"""Without them nobody may act on the thread at all."""


class Failures:
    """Counts what is reached, and fails it when its time has come."""

    def __init__(self) -> None:
        self.passed, self.fails_at, self.only, self.lasting = 0, 0, "", True
        self.failed: Counter[str] = Counter()
        """What has failed so far, by name."""

    def begin(self, at: int, *, only: str = "", lasting: bool = True) -> None:
        """Fail the `at`-th thing from now on, and if `lasting` all after it; 0 for none.

        With `only`, things of that name alone are counted and fail.
        """
        self.passed, self.fails_at, self.only, self.lasting = 0, at, only, lasting

    def reached(self, name: str, error: Callable[[str], Exception] = StoreError) -> None:
        """Pass one thing, or fail it."""
        if self.only and name != self.only:
            return
        self.passed += 1
        due = self.passed >= self.fails_at if self.lasting else self.passed == self.fails_at
        if self.fails_at and due:
            self.failed[name] += 1
            raise error(f"The disk is gone ({name}).")


class FailingStore:
    """A store each of whose calls may fail.

    Args:
        store: The real one.
        failures: Which fail.
        spared: Names of calls that never do.
    """

    def __init__(self, store: Any, failures: Failures, spared: frozenset[str] = LEASES) -> None:
        self.store, self.failures, self.spared = store, failures, spared

    def __getattr__(self, name: str) -> Any:
        room = getattr(self.store, name)
        return room if callable(room) else _FailingRoom(room, self, name)


class _FailingRoom:
    def __init__(self, room: Any, store: FailingStore, name: str) -> None:
        self.room, self.store, self.name = room, store, name

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.room, name)
        if not inspect.iscoroutinefunction(found) or name in self.store.spared:
            return found

        async def call(*args: Any, **options: Any) -> Any:
            self.store.failures.reached(f"{self.name}.{name}")
            return await found(*args, **options)

        return call


class FailingSaver(InMemorySaver):
    """A checkpointer that may fail to write what the graph has come to."""

    failures: Failures

    async def aput(self, *args: Any, **options: Any) -> Any:
        """Write a checkpoint, or fail."""
        self.failures.reached("checkpoint", RuntimeError)
        return await super().aput(*args, **options)

    async def aput_writes(self, *args: Any, **options: Any) -> Any:
        """Write what a node has come to, or fail."""
        self.failures.reached("writes", RuntimeError)
        return await super().aput_writes(*args, **options)
