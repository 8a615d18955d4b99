"""Every place where the settings' threads have checkpoints."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from ...home import CHECKPOINTS, checkpoints_of, open_own_checkpoints, seal_of
from ...settings import Settings

if TYPE_CHECKING:
    from ...runs.forgetting import CheckpointPlace


@asynccontextmanager
async def open_checkpoint_places(settings: Settings) -> AsyncGenerator[list[CheckpointPlace]]:
    """Open the checkpoints, also those that the home folder has from before they were elsewhere.

    Raises:
        StoreError: They cannot be opened.
    """
    # Imported when it is needed: LangGraph's savers take long.
    from ...runs.forgetting import CheckpointPlace
    from ...stores.checkpoints import open_checkpoints

    where, file = checkpoints_of(settings), settings.home / CHECKPOINTS
    async with AsyncExitStack() as closing:
        saver = await closing.enter_async_context(open_own_checkpoints(settings))
        places = [CheckpointPlace(saver=saver, where=where)]
        if where != file and file.exists():
            left = await closing.enter_async_context(open_checkpoints(file, seal=seal_of(settings)))
            places.append(CheckpointPlace(saver=left, where=file))
        yield places
