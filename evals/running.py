"""What runs of an experiment, so that a cancelled one leaves nothing behind."""

from __future__ import annotations

import asyncio
import functools
import threading
from typing import Any

from ..errors import OperatorError
from .evaluators import Evaluator, EvaluatorContext, Grade

GRADING_SECONDS = 30.0
"""Longest wait for evaluators that run when an experiment is closed."""


class RunningCases:
    """The cases that run and are graded now; once closed, none is left and none begins.

    LangSmith has tasks and threads of its own around these, which a cancellation does not reach.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._grading = 0
        self._closed = False
        self._changed = threading.Condition()

    def enter(self) -> None:
        """Count the current task in until it is done."""
        task = asyncio.current_task()
        if self._closed or task is None:
            raise asyncio.CancelledError
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def counted(self, evaluator: Evaluator) -> Evaluator:
        """Return an evaluator that is waited for; it may run in any thread."""

        @functools.wraps(evaluator)
        def grade(context: EvaluatorContext) -> Grade:
            self._begin()
            try:
                return evaluator(context)
            finally:
                self._end()

        return grade

    async def close(self) -> None:
        """Cancel what runs, and wait until it has put its things away."""
        with self._changed:
            self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._wait)

    def _begin(self) -> None:
        with self._changed:
            if self._closed:
                raise OperatorError(
                    "The experiment has ended.", where="evaluators", fix="Start it again."
                )
            self._grading += 1

    def _end(self) -> None:
        with self._changed:
            self._grading -= 1
            self._changed.notify_all()

    def _wait(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._grading, timeout=GRADING_SECONDS)
