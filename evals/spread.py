"""Spread: the batches of an experiment over processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, TypeVar

T = TypeVar("T")


def spread(
    work: Callable[..., T], jobs: Sequence[tuple[Any, ...]], *, workers: int | None
) -> Iterator[T]:
    """Yield what comes of each job, as it comes.

    Args:
        work: Is given the parts of a job; like them, it must be known to a new process.
        jobs: What to do.
        workers: Processes; as many as there are processors for `None`, 0 for none but this one.
    """
    if workers == 0:
        yield from (work(*job) for job in jobs)
        return
    # Spawned, because a fork would copy locks that threads of this process hold.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers or os.cpu_count(), mp_context=context) as pool:
        for future in as_completed([pool.submit(work, *job) for job in jobs]):
            yield future.result()
