"""Threads that work off a bounded queue, one batch at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True, eq=False)
class WorkItem:
    """A piece of work and where its outcome goes."""

    work: Callable[..., Any]
    future: Future[Any] = field(default_factory=Future[Any])

    def start(self) -> bool:
        """Return whether it is still wanted; from now on it cannot be cancelled."""
        return self.future.set_running_or_notify_cancel()

    def finish(self, run: Callable[[], Any]) -> None:
        """Run it and hand over its outcome."""
        try:
            value = run()
        except BaseException as error:  # noqa: BLE001  goes to the caller that waits for it
            self.future.set_exception(error)
        else:
            self.future.set_result(value)


class Workers:
    """A few threads, started when first needed.

    The threads are daemons, so that a program which forgets to close its store can end; what was
    committed is safe, and what was not is lost as in any crash.

    Args:
        run: Works off a batch; it must resolve the future of each job that it starts.
        threads: How many threads.
        bound: Most jobs that may wait.
        batch: Most jobs handed to `run` at once.
        name: Name of the threads.
    """

    def __init__(
        self,
        run: Callable[[Sequence[WorkItem]], None],
        *,
        threads: int,
        bound: int,
        batch: int = 1,
        name: str,
    ) -> None:
        self._run = run
        self._count = threads
        self._batch = batch
        self._name = name
        # `None` tells one thread to end; those fit beside a full queue of jobs.
        self._queue: queue.SimpleQueue[WorkItem | None] = queue.SimpleQueue()
        self._bound = bound
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def offer(self, job: WorkItem) -> bool:
        """Queue a job; return `False` if the queue is full or closed."""
        with self._lock:
            if self._closed or self._queue.qsize() >= self._bound:
                return False
            self._queue.put(job)
            if len(self._threads) < self._count:
                self._start_thread()
            return True

    def _start_thread(self) -> None:
        thread = threading.Thread(
            target=self._work_off, name=f"{self._name}-{len(self._threads)}", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _work_off(self) -> None:
        while batch := self._next_batch():
            self._run(batch)

    def _next_batch(self) -> list[WorkItem]:
        job = self._queue.get()
        batch: list[WorkItem] = []
        while job is not None:
            batch.append(job)
            if len(batch) == self._batch:
                return batch
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return batch
        if batch:
            # The end was reached behind the last jobs: do them first, then meet it again.
            self._queue.put(None)
        return batch

    def close(self) -> None:
        """Finish what is queued, refuse what comes, and wait for the threads to end."""
        with self._lock:
            if not self._closed:
                self._closed = True
                for _ in self._threads:
                    self._queue.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
