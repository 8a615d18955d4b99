"""Consent: who stands behind what a person has allowed beforehand, and for whose runs.

An endorsement or a grant is given once and used later, so it keeps what authentication said of the
person, as a decision does.
"""

from __future__ import annotations

from .likeness import likeness
from .run import Principal
from .values import Record


def name_form(name: str) -> str:
    """Return a form of a person's name that all ways of writing it share.

    Login services spell one name in several ways, and its holder is one person in all of them.
    """
    return str(likeness(name))


class Signatory(Record):
    """Who gave a consent, as authentication had it at that moment."""

    id: str = ""
    """Empty only in local, single-user use."""
    role: str = ""
    scopes: tuple[str, ...] = ()
    tenant: str = ""
    token: str = ""
    """Id of the token that vouched; once it is revoked the consent counts no more."""
    key: str = ""
    """Id of the key that signed the token."""
    accountable: str = ""
    """The person behind the name, where that is somebody else."""
    authenticated: bool = False
    """Whether a credential vouched; without one the name counts for nothing."""

    @property
    def person(self) -> str:
        """Who it is, under whichever name and however it is written."""
        return name_form(self.accountable or self.id)


class ConsentScope(Record):
    """For whose runs a consent is given. Whatever is empty, except the tenant, is anybody's."""

    tenant: str = ""
    """Exactly this tenant; the empty one is a tenant too."""
    principal: str = ""
    thread: str = ""

    def covers(self, principal: Principal, thread: str) -> bool:
        """Say whether a run of a principal on a thread is meant."""
        return (
            self.tenant == principal.tenant
            and self.principal in ("", principal.id)
            and self.thread in ("", thread)
        )

    def in_words(self) -> str:
        """Say it to a person."""
        parts = [
            f"thread {self.thread}" if self.thread else "",
            f"runs of {self.principal}" if self.principal else "",
            f"tenant {self.tenant}" if self.tenant else "",
        ]
        return ", ".join(filter(None, parts)) or "every run"


class Revocation(Record):
    """That a consent was taken back."""

    at: float
    by: str = ""
    reason: str = ""
