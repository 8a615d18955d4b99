"""Grant: a person allows calls of one tool beforehand, within bounds, so often or until then."""

from __future__ import annotations

from typing import Literal

from .consent import ConsentScope, Revocation, Signatory
from .values import Json, Record, canonical_json

BoundKind = Literal["equal", "one_of", "at_most", "prefix"]


class ArgumentBound(Record):
    """What one argument of a granted call must be."""

    argument: str
    """Its path: `amount`, `order.total`."""
    kind: BoundKind
    value: Json
    """`equal`: the value. `one_of`: a list of values; a list in the call must hold nothing else.
    `at_most`: the largest number, signs dropped. `prefix`: how the text begins."""

    def in_words(self) -> str:
        """Say it to a person."""
        kind = {"equal": "=", "one_of": "one of", "at_most": "≤", "prefix": "begins with"}
        return f"{self.argument} {kind[self.kind]} {canonical_json(self.value)}"


class CallGrant(Record):
    """Calls of one tool that somebody has allowed beforehand."""

    id: str
    tool: str
    bounds: tuple[ArgumentBound, ...] = ()
    """All must hold; an argument that none names may be anything."""
    uses: int | None = None
    """How many calls; `None` for any number."""
    until: float | None = None
    """Unix time in seconds; `None`: until it is used up."""
    scope: ConsentScope = ConsentScope()
    by: Signatory = Signatory()
    at: float = 0.0
    approval_id: str = ""
    """The request whose decision it came with; empty if it was given by itself."""
    message: str = ""
    """The person's own words."""
    used: int = 0
    """Calls that were claimed under it and have not failed, when it was read."""
    revocation: Revocation | None = None

    def state(self, now: float) -> Literal["in force", "expired", "used up", "revoked"]:
        """Say whether it is in force."""
        if self.revocation is not None:
            return "revoked"
        if self.until is not None and now >= self.until:
            return "expired"
        return "used up" if self.uses is not None and self.used >= self.uses else "in force"

    def count(self, used: int) -> str:
        """Say how much of it is used: `2 of 5 used`."""
        return f"{used} used" if self.uses is None else f"{used} of {self.uses} used"
