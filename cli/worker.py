"""`worker`: what was asked, decided or cut off goes on, at whichever machine sees it first."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from ..workers.wakers import open_waker
from .exits import DONE, finish
from .given.options import DEFAULT_CONFIG, Config, JsonOption
from .opened.checkpoint_places import open_checkpoint_places
from .opened.session import Session, open_session
from .show.output import Output

if TYPE_CHECKING:
    from ..workers.jobs import JobWaker
    from ..workers.worker import Worker

app = typer.Typer()

_SLOW_STORE_SECONDS = 30.0
"""How long the store may take to answer before a worker is not well."""


@app.command()
def worker(
    config: Config = DEFAULT_CONFIG,
    concurrency: Annotated[int, typer.Option(min=1, help="Most threads at a time.")] = 8,
    tenant_limit: Annotated[
        int | None,
        typer.Option(min=1, help="Most threads of one tenant at a time, over all workers."),
    ] = None,
    tenant_rate: Annotated[
        int | None,
        typer.Option(min=1, help="Most threads of one tenant a minute, over all workers."),
    ] = None,
    sweep_seconds: Annotated[
        float, typer.Option(min=0.05, help="How often to look, besides being told.")
    ] = 5.0,
    drain_seconds: Annotated[
        float, typer.Option(min=0, help="Longest wait for steps at work when told to stop.")
    ] = 25.0,
    health_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Answer GET /healthz at this port.")
    ] = None,
    health_host: Annotated[
        str, typer.Option(help="Address of that port; by default this machine's loopback.")
    ] = "127.0.0.1",
    once: Annotated[
        bool, typer.Option("--once", help="Look once, see to what is found, and end.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """See to threads that were asked something, decided or cut off, until told to stop."""
    output = Output(as_json=as_json)
    options = _Options(
        concurrency=concurrency,
        tenant_limit=tenant_limit,
        tenant_rate=tenant_rate,
        sweep_seconds=sweep_seconds,
        drain_seconds=drain_seconds,
        health_host=health_host,
        health_port=health_port,
        once=once,
    )
    finish(_work(output, config, options), output)


@dataclass(frozen=True, kw_only=True)
class _Options:
    """How a worker works."""

    concurrency: int
    tenant_limit: int | None
    tenant_rate: int | None
    sweep_seconds: float
    drain_seconds: float
    health_host: str
    health_port: int | None
    once: bool


async def _work(output: Output, config: str, options: _Options) -> int:
    async with (
        open_session(config) as session,
        open_waker(session.settings.database_url) as waker,
    ):
        from ..workers.worker import Worker

        worker = Worker(
            session.agent,
            session.store,
            concurrency=options.concurrency,
            tenant_limit=options.tenant_limit,
            tenant_rate=options.tenant_rate,
        )
        async with _retaining(session, once=options.once):
            if options.once:
                while await worker.sweep():
                    await worker.rest()
            else:
                await _until_told(worker, waker, options)
    if output.json:
        output.document({"finished": worker.finished})
    else:
        output.line(f"{worker.finished} runs came to an end or a pause.")
    return DONE


@asynccontextmanager
async def _retaining(session: Session, *, once: bool) -> AsyncGenerator[None]:
    """See to what is past its lifetime, once before all else or while the context is open.

    A forgetting that was cut off is shown, and goes on.
    """
    from ..runs.retention import Retention
    from ..workers.retention_loop import keep_lifetimes, see_to_retention

    settings = session.settings
    most = settings.retention_loop.threads
    async with open_checkpoint_places(settings) as places:
        retention = Retention(store=session.store, checkpoints=places, lifetimes=settings.retention)
        if once:
            await see_to_retention(retention, most=most)
            yield
            return
        every = settings.retention_loop.every
        keeping = asyncio.create_task(keep_lifetimes(retention, every=every, most=most))
        try:
            yield
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping


async def _until_told(worker: Worker, waker: JobWaker | None, options: _Options) -> None:
    """Work until SIGTERM, then drain."""
    from ..workers.health import serve_health

    stop = asyncio.Event()
    with suppress(NotImplementedError):  # Windows has no such handlers.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with AsyncExitStack() as around:
        if options.health_port is not None:
            await around.enter_async_context(
                serve_health(
                    worker,
                    host=options.health_host,
                    port=options.health_port,
                    patience=3 * options.sweep_seconds + _SLOW_STORE_SECONDS,
                )
            )
        if waker is not None:
            hearing = waker.listening(worker, concurrency=options.concurrency)
            await around.enter_async_context(hearing)
        await worker.work(stop, sweep_seconds=options.sweep_seconds)
        await worker.drain(options.drain_seconds)
