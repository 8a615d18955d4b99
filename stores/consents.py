"""The protocols of what people have allowed beforehand: endorsed values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from ..state.consent import Revocation
from ..state.endorsement import Endorsement


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
