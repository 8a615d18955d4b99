"""`worker`: what was asked, decided or cut off goes on, at whichever machine sees it first."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import Annotated

import typer

from .exits import DONE, finish
from .options import DEFAULT_CONFIG, Config, JsonOption
from .session import open_session
from .show.output import Output

app = typer.Typer()


@app.command()
def worker(
    config: Config = DEFAULT_CONFIG,
    concurrency: Annotated[int, typer.Option(min=1, help="Most threads at a time.")] = 8,
    sweep_seconds: Annotated[
        float, typer.Option(min=0.05, help="How often to look for stalled threads.")
    ] = 5.0,
    drain_seconds: Annotated[
        float, typer.Option(min=0, help="Longest wait for steps at work when told to stop.")
    ] = 25.0,
    once: Annotated[
        bool, typer.Option("--once", help="Look once, see to what is found, and end.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """See to threads that were asked something, decided or cut off, until told to stop."""
    output = Output(as_json=as_json)
    work = _work(
        output,
        config,
        concurrency=concurrency,
        sweep_seconds=sweep_seconds,
        drain_seconds=drain_seconds,
        once=once,
    )
    finish(work, output)


async def _work(
    output: Output,
    config: str,
    *,
    concurrency: int,
    sweep_seconds: float,
    drain_seconds: float,
    once: bool,
) -> int:
    async with open_session(config) as session:
        from ..workers.worker import Worker

        worker = Worker(session.agent, session.store, concurrency=concurrency)
        if once:
            while await worker.sweep():
                await worker.rest()
        else:
            stop = asyncio.Event()
            with suppress(NotImplementedError):  # Windows has no such handlers.
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
            await worker.work(stop, sweep_seconds=sweep_seconds)
            await worker.drain(drain_seconds)
    if output.json:
        output.document({"finished": worker.finished})
    else:
        output.line(f"{worker.finished} threads came to an end or a pause.")
    return DONE
