"""Arrivals: results of steps, as lanes that run side by side hand them to each other.

Without them a step would wait for the whole superstep in which its input was made, slower lanes
that it has nothing to do with included. The hand-over lives in the worker's memory only: what
counts is the journal, from which a lane that starts over takes its results as any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from ..state.values import JsonObject

MAX_WAIT = 600.0
"""Seconds that a lane waits for one beside it. Then it gives way, and is dispatched again later."""


class Arrivals:
    """What the lanes of one dispatch have brought; used on one event loop."""

    def __init__(self) -> None:
        self._dispatch = ""
        self._steps: dict[str, asyncio.Future[JsonObject | None]] = {}

    def came(self, dispatch: str, step: str, result: JsonObject) -> None:
        """Hand a result to the lanes that wait for it."""
        self._settle(dispatch, step, result)

    def never_comes(self, dispatch: str, steps: Iterable[str]) -> None:
        """Say that a lane ends without these steps; what has come already stays."""
        for step in steps:
            self._settle(dispatch, step, None)

    async def result(self, dispatch: str, step: str) -> JsonObject | None:
        """Wait for a step of a lane beside; `None` if it does not end there, or not in time."""
        # A lane that is cancelled while it waits must not take the result from the others.
        waiting = asyncio.shield(self._of(dispatch, step))
        try:
            return await asyncio.wait_for(waiting, MAX_WAIT)
        except TimeoutError:
            return None

    def _settle(self, dispatch: str, step: str, result: JsonObject | None) -> None:
        if dispatch and not (future := self._of(dispatch, step)).done():
            future.set_result(result)

    def _of(self, dispatch: str, step: str) -> asyncio.Future[JsonObject | None]:
        if dispatch != self._dispatch:
            # Lanes of a dispatch have all ended before the next one begins.
            self._dispatch, self._steps = dispatch, {}
        return self._steps.setdefault(step, asyncio.get_running_loop().create_future())
