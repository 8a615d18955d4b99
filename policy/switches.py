"""SwitchBoard: what operators have switched off, read before each step of every process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from ..errors import StoreError
from ..state.consent import name_form
from ..state.run import Principal
from ..state.values import Record
from ..stores.interface import Switches
from ..stores.records import EVERYTHING, Switch
from .people import names_of


class SwitchState(Record):
    """The switches that were on at one moment."""

    switches: tuple[Switch, ...] = ()

    def paused(self) -> Switch | None:
        """Return the switch that pauses the agent."""
        return next((s for s in self.switches if s.kind == "pause"), None)

    def frozen_tool(self, tool: str) -> Switch | None:
        """Return the switch that freezes a tool."""
        return self._on("freeze_tool", tool)

    def revoked(self, principal: Principal | str) -> Switch | None:
        """Return the switch that revokes a principal."""
        person = Principal(id=principal) if isinstance(principal, str) else principal
        names = names_of(person)
        return next(
            (
                switch
                for switch in self.switches
                if switch.kind == "revoke_principal"
                and (switch.target in EVERYTHING or name_form(switch.target) in names)
            ),
            None,
        )

    def revoked_token(self, token_id: str) -> Switch | None:
        """Return the switch that revokes a token."""
        return self._on("revoke_token", token_id)

    @property
    def revoked_principals(self) -> frozenset[str]:
        """Principals that may do nothing any more."""
        return frozenset(s.target for s in self.switches if s.kind == "revoke_principal")

    @property
    def revoked_tokens(self) -> frozenset[str]:
        """Ids of tokens that vouch for nobody any more."""
        return frozenset(s.target for s in self.switches if s.kind == "revoke_token")

    def _on(self, kind: str, target: str) -> Switch | None:
        return next((s for s in self.switches if s.kind == kind and s.covers(target)), None)


@dataclass(frozen=True, kw_only=True)
class _ReadState:
    state: SwitchState
    started: float


@dataclass(frozen=True, kw_only=True)
class _ReadUnderWay:
    """A question to the store that is under way."""

    read: asyncio.Future[None]
    started: float


class SwitchBoard:
    """The switches, read at most once in `max_age_seconds`.

    Safe from any event loop and thread. Readers of one event loop that come at once ask the store
    together, however many lanes begin a step. A store that cannot be asked is an error, never a
    reading of yesterday.

    Args:
        switches: The store's switches.
        max_age_seconds: Longest that a reading may be old, counted from before it was asked for.
        timeout_seconds: Longest to wait for the store.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        switches: Switches,
        *,
        max_age_seconds: float = 1.0,
        timeout_seconds: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._switches = switches
        self._max_age = max_age_seconds
        self._timeout = timeout_seconds
        self._clock = clock
        self._reading: _ReadState | None = None
        self._asked: WeakKeyDictionary[asyncio.AbstractEventLoop, _ReadUnderWay] = (
            WeakKeyDictionary()
        )

    async def snapshot(self) -> SwitchState:
        """Return the switches as they were at most `max_age_seconds` ago.

        Raises:
            StoreError: The store failed or did not answer in time.
        """
        loop = asyncio.get_running_loop()
        while True:
            current = self._reading
            if current is not None and self._clock() - current.started < self._max_age:
                return current.state
            asked = self._asked.get(loop)
            # One that has been under way for long may hang, and what it brings is not the newest.
            if asked is None or self._clock() - asked.started >= self._max_age / 4:
                return await self._read_for_all(loop)
            await asyncio.shield(asked.read)

    async def _read_for_all(self, loop: asyncio.AbstractEventLoop) -> SwitchState:
        """Read while other readers of the loop wait; they get the same reading, or error."""
        asked = self._asked[loop] = _ReadUnderWay(read=loop.create_future(), started=self._clock())
        try:
            state = await self._read()
        except StoreError as error:
            asked.read.set_exception(error)
            # Looked at once, or asyncio would report it where nobody else waits.
            asked.read.exception()
            raise
        finally:
            if self._asked.get(loop) is asked:
                del self._asked[loop]
            if not asked.read.done():
                asked.read.set_result(None)
        return state

    async def active(self) -> Sequence[Switch]:
        """Return those of `snapshot`, as who asks the store itself is told them."""
        return (await self.snapshot()).switches

    async def refresh(self) -> SwitchState:
        """Return the switches as they are now."""
        return await self._read()

    def asking(self) -> Callable[[Sequence[Switch]], None]:
        """Return a function to tell the switches to that somebody else is about to read."""
        started = self._clock()

        def told(active: Sequence[Switch]) -> None:
            self._take_in(active, started)

        return told

    async def _read(self) -> SwitchState:
        started = self._clock()
        return self._take_in(await self._ask(), started)

    def _take_in(self, active: Sequence[Switch], started: float) -> SwitchState:
        reading = _ReadState(state=SwitchState(switches=tuple(active)), started=started)
        # A slow reader must not put an older reading over a newer one.
        if self._reading is None or self._reading.started <= started:
            self._reading = reading
        return reading.state

    async def _ask(self) -> Sequence[Switch]:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._switches.active()
        except TimeoutError as error:
            raise StoreError(
                f"No answer in {self._timeout:g} s.", where="switches", fix="Check the database."
            ) from error
