"""What a forked child may not inherit, taken apart from whoever uses it."""

from __future__ import annotations

import os
import threading

import pytest

from pointsman.state import forks


def test_a_lock_can_be_opened_anew() -> None:
    """A method of Python that is private by name: it opens a lock whoever holds it."""
    lock = threading.Lock()
    assert lock.acquire(blocking=False)

    lock._at_fork_reinit()  # type: ignore[attr-defined]

    assert lock.acquire(blocking=False)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_lock_that_the_parent_holds_is_open_in_the_child() -> None:
    """Whoever held it is a thread that does not exist there."""
    lock = forks.new_lock()
    with lock:
        child = os.fork()
        if child == 0:
            os._exit(0 if lock.acquire(blocking=False) else 1)
        _, ended = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(ended) == 0
        assert lock.locked(), "the parent still holds its own"
