"""Forks: what a child process must not take over from its parent.

Only the thread that forks goes on in the child. A lock that another thread held stays shut there, a
queue is worked off by nobody, and an open connection is shared with the parent.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

_locks: WeakSet[threading.Lock] = WeakSet()
_renewals: list[Callable[[], object]] = []
_known: WeakSet[Any] = WeakSet()
_inherited: WeakSet[Any] = WeakSet()


def new_lock() -> threading.Lock:
    """Return a lock that is open in a forked child, whoever held it in the parent."""
    lock = threading.Lock()
    _locks.add(lock)
    return lock


def renew_in_child(renew: Callable[[], object]) -> None:
    """Have every forked child call a function, which must not wait for anything."""
    _renewals.append(renew)


def remember(resource: object) -> None:
    """Note that something was opened in this process, for `is_inherited` in its children."""
    _known.add(resource)


def is_inherited(resource: object) -> bool:
    """Say whether something was opened by a process that this one was forked from."""
    return resource in _inherited


def _start_over() -> None:
    for resource in list(_known):
        _inherited.add(resource)
    for lock in list(_locks):
        # What the standard library does with its own; a new lock could not be put in everybody's
        # hands. Private by name: tests/state/test_forks.py fails when it changes.
        lock._at_fork_reinit()  # pyright: ignore[reportAttributeAccessIssue]
    for renew in _renewals:
        renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over)
