"""`pointsman`, which dies at the crash point that its first argument names."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pointsman.agent import configured_tools
from pointsman.cli import session
from pointsman.cli.app import main
from pointsman.testing.crash_points import CrashPoints

crash = CrashPoints(sys.argv.pop(1))
build_dependencies, open_checkpoints = session.build_dependencies, session.open_checkpoints


def crashing_dependencies(settings: Any, *, store: Any) -> Any:
    """Build what the nodes use from watched tools, over a watched store."""
    found: list[Any] = configured_tools(settings)
    tools = crash.tools(found)
    settings = settings.model_copy(update={"tools": ()})
    return build_dependencies(settings, tools=tools, store=crash.store(store))


@asynccontextmanager
async def crashing_checkpoints(file: Path) -> AsyncGenerator[Any, None]:
    """Open the checkpoints, watched."""
    async with open_checkpoints(file) as saver:
        yield crash.checkpointer(saver)


session.build_dependencies = crashing_dependencies
session.open_checkpoints = crashing_checkpoints
main()
