"""The protocols of what people have allowed beforehand: endorsed values and granted calls."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from ..state.consent import Revocation
from ..state.endorsement import Endorsement
from ..state.grant import CallGrant


class EndorsementStore(Protocol):
    """Values that people vouch for. Giving and taking back stand in the audit log too."""

    async def add(self, endorsement: Endorsement) -> None:
        """Record one that was given by itself; those of decisions come with the decision."""
        ...

    async def of_values(self, digests: Collection[str], *, tenant: str) -> Sequence[Endorsement]:
        """Return those of a tenant that are in force for values with these digests."""
        ...

    async def every(self, *, tenant: str | None = None) -> Sequence[Endorsement]:
        """Return all, the revoked and expired ones too, oldest first."""
        ...

    async def revoke(self, endorsement_id: str, revocation: Revocation) -> Endorsement:
        """Take one back. Raises `NotFoundError`, or `DecisionError` if it was taken back before."""
        ...


class GrantStore(Protocol):
    """Calls that people allow beforehand. Giving and taking back stand in the audit log too."""

    async def add(self, grant: CallGrant) -> None:
        """Record a grant."""
        ...

    async def of_tool(self, tool: str, *, tenant: str) -> Sequence[CallGrant]:
        """Return a tenant's grants of a tool that have not ended, with what is used of each."""
        ...

    async def every(self, *, tenant: str | None = None) -> Sequence[CallGrant]:
        """Return all, those that have ended too, oldest first."""
        ...

    async def revoke(self, grant_id: str, revocation: Revocation) -> CallGrant:
        """Take one back. Raises `NotFoundError`, or `DecisionError` if it was taken back before."""
        ...
