"""`pointsman`, which dies at the crash point that its first argument names."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pointsman import agent
from pointsman.cli.app import main
from pointsman.stores import checkpoints
from pointsman.testing.crash_points import CrashPoints
from pointsman.toolbox import configured_tools

crash = CrashPoints(sys.argv.pop(1))
# The command line imports both when it needs them, so it finds the watched ones.
build_dependencies, open_checkpoints = agent.build_dependencies, checkpoints.open_checkpoints


def crashing_dependencies(settings: Any, *, store: Any) -> Any:
    """Build what the nodes use from watched tools, over a watched store."""
    found: list[Any] = configured_tools(settings)
    tools = crash.tools(found)
    settings = settings.model_copy(update={"tools": ()})
    return build_dependencies(settings, tools=tools, store=crash.store(store))


@asynccontextmanager
async def crashing_checkpoints(file: Path, **options: Any) -> AsyncGenerator[Any, None]:
    """Open the checkpoints, watched."""
    async with open_checkpoints(file, **options) as saver:
        yield crash.checkpointer(saver)


agent.build_dependencies = crashing_dependencies
checkpoints.open_checkpoints = crashing_checkpoints
main()
