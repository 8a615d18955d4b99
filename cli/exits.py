"""Exit codes, and the one way by which every command ends."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, NoReturn

import typer

from ..errors import DecisionError, NotFoundError, PointsmanError, TaskError
from .show.output import Output
from .show.program import PROGRAM

DONE = 0
FAILED = 1
WRONG_USE = 2
WAITING = 3
INTERRUPTED = 130
TERMINATED = 143


def finish(work: Coroutine[Any, Any, int], output: Output) -> NoReturn:
    """Run a command's work to its end, say what went wrong if anything did, and exit.

    Args:
        work: Closes whatever it opens, also when it is cancelled; returns the exit code.
        output: Where errors are told.
    """
    if PROGRAM.results:
        output.go_to(PROGRAM.results())
    raise typer.Exit(_run(work, output))


def _run(work: Coroutine[Any, Any, int], output: Output) -> int:
    try:
        return asyncio.run(_ended_by_signals(work))
    except PointsmanError as error:
        output.error(type(error).__name__, error.message, where=error.where, fix=error.fix)
        return _code(error)
    except KeyboardInterrupt:
        output.error("Interrupted", "Interrupted.", fix=output.way_on)
        return INTERRUPTED
    except asyncio.CancelledError:
        output.error("Terminated", "Terminated.", fix=output.way_on)
        return TERMINATED
    except Exception as error:
        # A defect, ours or a tool module's: the traceback follows on standard error.
        if output.json:
            output.error(type(error).__name__, str(error))
        raise


async def _ended_by_signals(work: Coroutine[Any, Any, int]) -> int:
    """Let a polite kill cancel the work, as Ctrl-C does, so that everything is closed."""
    task = asyncio.current_task()
    with suppress(NotImplementedError):  # Windows has no such handlers.
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def _code(error: PointsmanError) -> int:
    return WRONG_USE if isinstance(error, DecisionError | NotFoundError | TaskError) else FAILED
