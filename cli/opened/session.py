"""Session: an agent with its files opened, for as long as one command needs it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import NotFoundError
from ...home import open_own_checkpoints
from ...masking.logs import MaskingFilter, filter_handlers
from ...runs.dependencies import Dependencies
from ...runs.thread import ThreadState, config_of, read_thread
from ...settings import Settings
from ..given.options import command_line
from .caller import Caller, caller_of
from .sight import is_seen, tenant_seen_by
from .store import open_records, store_of

if TYPE_CHECKING:
    from langgraph.types import StateSnapshot

    from ...agent import Agent
    from ...stores.store import SqlStore


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The settings of a command, and who gave it."""

    config: str
    """The settings file as it was named, for commands that are shown to people."""
    settings: Settings
    caller: Caller
    store: SqlStore
    """The store: journal, effects, approvals, budgets, audit."""

    def command(self, *words: str) -> str:
        """Return a command of this program with these settings, ready to be copied."""
        return command_line(self.config, *words)


@dataclass(frozen=True, kw_only=True)
class Office(Opened):
    """Store, tools and policies, without any thread: enough to judge and record a decision."""

    dependencies: Dependencies


@dataclass(frozen=True, kw_only=True)
class ThreadReader(Opened):
    """The threads of this home folder, as the caller may see them."""

    agent: Agent
    """A graph that reads them; in a session it runs them too."""

    async def snapshot(self, thread: str) -> StateSnapshot:
        """Return the newest checkpoint of a thread."""
        return await self.agent.aget_state(config_of(thread))

    async def thread(self, thread: str) -> ThreadState:
        """Return where a thread stands; a thread nobody has heard of is `absent`."""
        return read_thread(thread, await self.snapshot(thread))

    def sees(self, state: ThreadState) -> bool:
        """Say whether the caller may see a thread; another tenant's is as one that is not there."""
        return is_seen(state.view.run.principal, tenant_seen_by(self.caller))

    async def known_thread(self, thread: str) -> ThreadState:
        """Return where a thread stands.

        Raises:
            NotFoundError: Nobody has heard of it, or it was forgotten.
        """
        await self.store.forgettings.refuse(thread)
        state = await self.thread(thread)
        if state.status == "absent" or not self.sees(state):
            raise NotFoundError(
                "There is no such thread.",
                where=f"thread {thread}",
                fix=f"Begin it: {self.command('run', '--thread', thread, 'what to do')}",
            )
        return state


@dataclass(frozen=True, kw_only=True)
class Session(Office, ThreadReader):
    """An agent with the threads of this home folder."""


@asynccontextmanager
async def open_threads(config: str) -> AsyncGenerator[tuple[ThreadReader, SqlStore], None]:
    """Open threads and store to read them; neither tools nor models are loaded.

    Raises:
        ConfigError: The settings are not valid.
        StoreError: A file under the home folder cannot be used.
    """
    from ...graphs.reader import build_reader

    async with (
        open_records(config) as (settings, store),
        open_own_checkpoints(settings) as checkpoints,
    ):
        caller = await caller_of(settings, store)
        reader = build_reader(checkpoints)
        threads = ThreadReader(
            config=config, settings=settings, caller=caller, store=store, agent=reader
        )
        yield threads, store


@asynccontextmanager
async def open_office(config: str) -> AsyncGenerator[Office, None]:
    """Build what a decision takes, and close everything at the end; no checkpoint is opened.

    Raises:
        ConfigError: The settings are not valid.
        StoreError: The store cannot be used.
    """
    # Imported when it is needed, here and below: the agent takes two seconds to load.
    from ...agent import build_dependencies

    settings = Settings.load(config)
    async with AsyncExitStack() as closing:
        store = await closing.enter_async_context(store_of(settings))
        caller = await caller_of(settings, store)
        settings = settings.model_copy(update={"principal": caller.principal})
        dependencies = build_dependencies(settings, store=store)
        closing.push_async_callback(dependencies.models.aclose)
        filter_handlers(MaskingFilter(dependencies.masker, caller.principal.tenant))
        yield Office(
            config=config,
            settings=settings,
            caller=caller,
            store=store,
            dependencies=dependencies,
        )


@asynccontextmanager
async def at_work(office: Office) -> AsyncGenerator[Session, None]:
    """Build the agent over the checkpoints that its settings name.

    Raises:
        StoreError: The checkpoints cannot be used.
    """
    from ...graphs.agent import build_graph

    async with open_own_checkpoints(office.settings) as checkpoints:
        yield Session(
            config=office.config,
            settings=office.settings,
            caller=office.caller,
            store=office.store,
            dependencies=office.dependencies,
            agent=build_graph(office.dependencies, checkpointer=checkpoints),
        )


@asynccontextmanager
async def open_session(config: str) -> AsyncGenerator[Session, None]:
    """Build the agent that a settings file describes, and close everything at the end.

    Raises:
        ConfigError: The settings are not valid.
        StoreError: A file under the home folder cannot be used.
    """
    async with open_office(config) as office, at_work(office) as session:
        yield session
