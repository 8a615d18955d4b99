"""The database, as other rooms see it: its parts by name.

Every method is safe to call from any event loop and any thread. Every write is durable when it
returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ..state.values import Json
from .records import Switch

if TYPE_CHECKING:
    # Whoever names the database imports no SQL by it.
    from .approvals import SqlApprovalStore
    from .attempts import SqlAttemptLog
    from .audit import SqlAuditLog
    from .budgets import SqlBudgetLedger
    from .effects import SqlEffectsLedger
    from .endorsements import SqlEndorsements
    from .grants import SqlGrants
    from .journal import SqlJournal
    from .leases import SqlLeases
    from .seen_shapes import SqlSeenShapes
    from .tasks import SqlTasks
    from .wakes import SqlWakes


class Payloads(Protocol):
    """Content-addressed storage: each value is stored once."""

    async def put(self, value: Json) -> str:
        """Store a JSON value and return its digest."""
        ...

    async def get(self, digest: str) -> Json:
        """Return the value. Raises `NotFoundError`."""
        ...

    async def put_bytes(self, data: bytes, media_type: str) -> str:
        """Store bytes and return their digest."""
        ...

    async def get_bytes(self, digest: str) -> tuple[bytes, str]:
        """Return bytes and media type. Raises `NotFoundError`."""
        ...


class Switches(Protocol):
    """Global switches."""

    async def set(self, switch: Switch) -> None:
        """Turn a switch on."""
        ...

    async def clear(self, kind: str, target: str = "") -> None:
        """Turn a switch off."""
        ...

    async def active(self) -> Sequence[Switch]:
        """Return the switches that are on."""
        ...


class Store(Protocol):
    """The database, as the rooms see it."""

    @property
    def payloads(self) -> Payloads:
        """Values stored once."""
        ...

    @property
    def journal(self) -> SqlJournal:
        """Outcomes of steps."""
        ...

    @property
    def effects(self) -> SqlEffectsLedger:
        """Calls of tools."""
        ...

    @property
    def approvals(self) -> SqlApprovalStore:
        """What people were asked."""
        ...

    @property
    def endorsements(self) -> SqlEndorsements:
        """Values that people vouch for."""
        ...

    @property
    def grants(self) -> SqlGrants:
        """Calls that people allow beforehand."""
        ...

    @property
    def audit(self) -> SqlAuditLog:
        """Who did what."""
        ...

    @property
    def attempts(self) -> SqlAttemptLog:
        """Calls of models."""
        ...

    @property
    def budgets(self) -> SqlBudgetLedger:
        """Caps and reservations."""
        ...

    @property
    def switches(self) -> Switches:
        """What is turned off."""
        ...

    @property
    def seen_shapes(self) -> SqlSeenShapes:
        """What outputs of tools looked like."""
        ...

    @property
    def leases(self) -> SqlLeases:
        """Who may act."""
        ...

    @property
    def tasks(self) -> SqlTasks:
        """What was asked of threads."""
        ...

    @property
    def wakes(self) -> SqlWakes:
        """Threads to look at."""
        ...

    async def close(self) -> None:
        """Finish what is queued and close every connection."""
        ...
