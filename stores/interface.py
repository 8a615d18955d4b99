"""The database, as other rooms see it: its parts by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from .consents import EndorsementStore, GrantStore
from .protocols import Payloads, Switches

if TYPE_CHECKING:
    # Whoever names the database imports no SQL by it.
    from .approvals import SqlApprovalStore
    from .attempts import SqlAttemptLog
    from .audit import SqlAuditLog
    from .budgets import SqlBudgetLedger
    from .effects import SqlEffectsLedger
    from .journal import SqlJournal
    from .leases import SqlLeases


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
    def endorsements(self) -> EndorsementStore:
        """Values that people vouch for."""
        ...

    @property
    def grants(self) -> GrantStore:
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
    def leases(self) -> SqlLeases:
        """Who may act."""
        ...

    async def close(self) -> None:
        """Finish what is queued and close every connection."""
        ...
