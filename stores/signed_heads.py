"""Signed heads: what the newest entries of the audit chains were at some moment, by whose word."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from ..state.values import Json, Record, canonical_json

SignedEntry = tuple[str, int, str]
"""Tenant, number and hash of an entry."""


class Signed(Record):
    """What a key has signed, and the next one too where the key was changed."""

    TITLE: ClassVar[str]

    key: str
    """The public key, in base64."""
    next_key: str = ""
    """The public key that signs from here on, where the key was changed."""
    signature: str = ""
    accepted: str = ""
    """The next key's signature."""

    def facts(self) -> Sequence[Json]:
        """Return what is said besides the keys."""
        raise NotImplementedError

    def signed_text(self) -> bytes:
        """Return what is signed."""
        facts = [self.TITLE, *self.facts(), self.key]
        return canonical_json([*facts, self.next_key] if self.next_key else facts).encode()

    def is_genuine(self) -> bool:
        """Say whether the keys that it names have signed it."""
        signatures = {self.key: self.signature}
        if self.next_key:
            signatures[self.next_key] = self.accepted
        return all(self._is_by(key, signature) for key, signature in signatures.items())

    def _is_by(self, key: str, signature: str) -> bool:
        try:
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key))
            public.verify(base64.b64decode(signature), self.signed_text())
        except (InvalidSignature, ValueError):
            return False
        return True


class OlderHead(Signed):
    """The head of the one chain that earlier releases kept."""

    TITLE: ClassVar[str] = "pointsman audit head"

    seq: int
    hash: str

    def facts(self) -> Sequence[Json]:
        """Return the entry."""
        return [self.seq, self.hash]


class HeadList(Signed):
    """Entries of any chains, the newest of each among them; lists are chained in their turn.

    So a list that was left out shows, and with it a tenant that was: some list names its chain.
    """

    TITLE: ClassVar[str] = "pointsman audit list"

    number: int
    """From 1 on; 0 for a list that was made to be kept elsewhere."""
    previous: str = ""
    """Digest of the line before."""
    entries: tuple[SignedEntry, ...] = ()

    def facts(self) -> Sequence[Json]:
        """Return number, line before and entries."""
        return [self.number, self.previous, [list(entry) for entry in self.entries]]


def line_digest(line: str) -> str:
    """Return what the next list says of a line."""
    return hashlib.sha256(line.encode()).hexdigest()


def read_signed(text: str) -> OlderHead | HeadList | None:
    """Return what a line or an exported file holds, or `None` if that is no signed head."""
    for kind in (HeadList, OlderHead):
        try:
            return kind.model_validate_json(text)
        except ValidationError:
            continue
    return None


def is_next(signed: Signed, before: str, number: int) -> bool:
    """Say whether what was signed may follow a line, `number` being the next list's."""
    if not isinstance(signed, HeadList):
        # Earlier releases did not chain heads, and wrote none behind a list.
        return number == 1
    return (signed.number, signed.previous) == (number, line_digest(before) if before else "")


def older_heads(signed: Iterable[Signed]) -> Sequence[OlderHead]:
    """Return those of the one chain that earlier releases kept."""
    return [head for head in signed if isinstance(head, OlderHead)]


def marks(signed: Iterable[Signed]) -> Mapping[str, Mapping[int, str]]:
    """Return tenant → number → hash of what was signed; of two, what was signed first."""
    found: dict[str, dict[int, str]] = {}
    for heads in signed:
        if isinstance(heads, HeadList):
            for tenant, seq, entry_hash in heads.entries:
                found.setdefault(tenant, {}).setdefault(seq, entry_hash)
    return found
