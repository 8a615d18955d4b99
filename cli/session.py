"""Session: an agent with its files opened, for as long as one command needs it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from langgraph.types import StateSnapshot

from ..agent import Agent, build_dependencies
from ..errors import NotFoundError
from ..graphs.agent import build_graph
from ..runs.dependencies import Dependencies
from ..runs.thread import ThreadState, config_of, read_thread
from ..settings import Settings
from ..stores.checkpoints import open_checkpoints
from ..stores.protocols import Store
from ..stores.store import SqlStore, open_store
from .caller import Caller, caller_of
from .options import command_line

CHECKPOINTS = "checkpoints.db"


@dataclass(frozen=True, kw_only=True)
class Session:
    """An agent, what it is made of, and the settings that it was asked for."""

    config: str
    """The settings file as it was named, for commands that are shown to people."""
    settings: Settings
    caller: Caller
    dependencies: Dependencies
    agent: Agent

    @property
    def store(self) -> Store:
        """The store: journal, effects, approvals, budgets, audit."""
        return self.dependencies.store

    async def snapshot(self, thread: str) -> StateSnapshot:
        """Return the newest checkpoint of a thread."""
        return await self.agent.aget_state(config_of(thread))

    async def thread(self, thread: str) -> ThreadState:
        """Return where a thread stands; a thread nobody has heard of is `absent`."""
        return read_thread(thread, await self.snapshot(thread))

    async def known_thread(self, thread: str) -> ThreadState:
        """Return where a thread stands. Raises `NotFoundError`."""
        state = await self.thread(thread)
        if state.status == "absent":
            raise NotFoundError(
                "There is no such thread.",
                where=f"thread {thread}",
                fix=f"Begin it: {self.command('run', '--thread', thread, 'what to do')}",
            )
        return state

    def command(self, *words: str) -> str:
        """Return a command of this program with this session's settings, ready to be copied."""
        return command_line(self.config, *words)


@asynccontextmanager
async def open_session(config: str) -> AsyncGenerator[Session, None]:
    """Build the agent that a settings file describes, and close everything at the end.

    Raises:
        ConfigError: The settings are not valid.
        StoreError: A file under the home folder cannot be used.
    """
    settings = Settings.load(config)
    async with AsyncExitStack() as closing:
        store = await closing.enter_async_context(_opened(settings))
        caller = await caller_of(settings, store)
        settings = settings.model_copy(update={"principal": caller.principal})
        dependencies = build_dependencies(settings, store=store)
        closing.push_async_callback(dependencies.models.aclose)
        checkpoints = await closing.enter_async_context(
            open_checkpoints(settings.home / CHECKPOINTS)
        )
        yield Session(
            config=config,
            settings=settings,
            caller=caller,
            dependencies=dependencies,
            agent=build_graph(dependencies, checkpointer=checkpoints),
        )


@asynccontextmanager
async def open_records(config: str) -> AsyncGenerator[tuple[Settings, SqlStore], None]:
    """Open the store alone: operators must reach it when tools or models are broken."""
    settings = Settings.load(config)
    async with _opened(settings) as store:
        yield settings, store


def _opened(settings: Settings) -> SqlStore:
    settings.home.mkdir(parents=True, exist_ok=True)
    return open_store(settings.database_url)
