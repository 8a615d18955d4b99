"""Riders: work that goes with the next write, whichever that is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

Rider = Callable[[Connection], object]
"""What may run more than once, and raises only what the database raises."""

Arrived = Callable[[], object]
"""What is to be done once a transaction is durable; it must not raise."""

Closing = Callable[[Connection, Sequence[Any]], Arrived]
"""Writes, at the end of a transaction, all that waits for it; may run more than once."""


@dataclass(frozen=True)
class Last:
    """What is written at the end of a transaction, together with its likes."""

    closing: Closing
    item: Any


class Riders:
    """The work that waits for a write; safe to use from several threads.

    A transaction takes along all that waits when it begins, once, and what it took waits on until
    it is durable: of two transactions side by side, none is durable without it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, Rider | Last] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, key: str, work: Rider | Last) -> None:
        """Have work go with the next write; a second one of a key takes the first one's place."""
        with self._lock:
            self._waiting[key] = work

    def waits(self, kind: str) -> bool:
        """Whether something waits whose key begins so."""
        with self._lock:
            return any(key.startswith(kind) for key in self._waiting)

    def holds(self, key: str, work: Rider | Last) -> bool:
        """Whether this work still waits."""
        with self._lock:
            return self._waiting.get(key) is work

    def aboard(self) -> Mapping[str, Rider | Last]:
        """Return what a transaction takes along that begins now."""
        with self._lock:
            return dict(self._waiting)

    def arrived(self, carried: Mapping[str, Rider | Last]) -> None:
        """Forget what a transaction has made durable, unless something newer has its place."""
        with self._lock:
            for key, work in carried.items():
                if self._waiting.get(key) is work:
                    del self._waiting[key]


def carry(
    connection: Connection, carried: Mapping[str, Rider | Last], work: Callable[[Connection], T]
) -> tuple[T, list[Arrived]]:
    """Run work in a transaction, between what goes before it and what goes last."""
    last: dict[Closing, list[Any]] = {}
    for rider in carried.values():
        if isinstance(rider, Last):
            last.setdefault(rider.closing, []).append(rider.item)
        else:
            rider(connection)
    value = work(connection)
    return value, [closing(connection, items) for closing, items in last.items()]
