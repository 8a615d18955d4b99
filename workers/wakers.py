"""Which waker there is: jobs on PostgreSQL where the library is installed, otherwise none."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..stores.engines import store_url

if TYPE_CHECKING:
    from .jobs import JobWaker


@asynccontextmanager
async def open_waker(where: str) -> AsyncGenerator[JobWaker | None, None]:
    """Open what tells workers at once; without it they see what there is at their next sweep.

    Args:
        where: The store's URL, or the path of its file.

    Raises:
        ConfigError: The URL is none.
        StoreError: The database cannot be reached.
    """
    if not has_queue(where):
        yield None
        return
    # The library takes long to import.
    from .jobs import open_jobs

    async with open_jobs(store_url(where)) as waker:
        yield waker


async def migrate_queue(where: str) -> str:
    """Make or update the queue's tables; return the release whose they are, empty if none.

    Raises:
        ConfigError: The URL is none.
        StoreError: The database refuses.
    """
    if not has_queue(where):
        return ""
    from .job_tables import migrate_jobs

    return await migrate_jobs(store_url(where))


def has_queue(where: str) -> bool:
    """Say whether a store's database can hold jobs, and the library is installed."""
    on_postgres = store_url(where).get_backend_name() == "postgresql"
    return on_postgres and find_spec("procrastinate") is not None
