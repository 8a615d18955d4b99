"""Anchor: signed heads of the audit chain, kept apart from the database.

A chain shows any change but one: whoever may write the database can cut its tail, or compute it
anew from some entry on. So its head is signed after each entry, and the heads are kept in a file
of their own. A copy of one head, exported to where nobody of this machine can reach it, vouches for
all that was before, whatever happens to key and file.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import ValidationError

from ..errors import CredentialError, StoreError
from ..state.values import Record, canonical_json
from .files import FILE_MODE, write_private_once

KEY_VARIABLE = "POINTSMAN_AUDIT_KEY"
KEY_FILE = "audit-key.pem"
_SHORTEST_SECRET = 32


class SignedHead(Record):
    """What the last entry was at some moment, and who says so."""

    seq: int
    hash: str
    key: str
    """The public key, in base64."""
    signature: str = ""

    def signed_text(self) -> bytes:
        """Return what is signed."""
        return canonical_json(["pointsman audit head", self.seq, self.hash, self.key]).encode()

    def is_genuine(self) -> bool:
        """Say whether the key that it names has signed it."""
        try:
            key = Ed25519PublicKey.from_public_bytes(base64.b64decode(self.key))
            key.verify(base64.b64decode(self.signature), self.signed_text())
        except (InvalidSignature, ValueError):
            return False
        return True


class Anchor:
    """Signs heads and keeps them. Safe from any thread; nothing is opened before the first use.

    Args:
        folder: Where key and heads are: the home folder.
        store: Which store's log it is, where the folder serves several; a file is named by it.
        secret: The key, instead of one in the folder: an Ed25519 key in PEM, or a secret of at
            least 32 characters. `POINTSMAN_AUDIT_KEY` holds it.
    """

    def __init__(self, folder: Path, *, store: str = "", secret: str = "") -> None:
        self._key_file = folder / KEY_FILE
        named = f"-{hashlib.sha256(store.encode()).hexdigest()[:8]}" if store else ""
        self._heads = folder / f"audit-heads{named}.jsonl"
        self._secret = secret
        self._key: Ed25519PrivateKey | None = None

    def __repr__(self) -> str:
        return f"Anchor({str(self._heads)!r})"

    def sign(self, seq: int, entry_hash: str) -> SignedHead:
        """Sign a head and keep it.

        Raises:
            StoreError: Key or heads cannot be read or written.
            CredentialError: The key is none.
        """
        head = self.signed(seq, entry_hash)
        line = (canonical_json(head.to_json()) + "\n").encode()
        try:
            # One write in append mode: processes that share the file do not mix their lines.
            handle = os.open(self._heads, os.O_WRONLY | os.O_APPEND | os.O_CREAT, FILE_MODE)
            try:
                written = os.write(handle, line)
                if written < len(line):
                    # On a full disk. Half a line would spoil the next one, which is whole.
                    os.ftruncate(handle, os.fstat(handle).st_size - written)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            finally:
                os.close(handle)
        except OSError as error:
            raise self._broken(f"A head cannot be kept: {error.strerror}.") from error
        return head

    def signed(self, seq: int, entry_hash: str) -> SignedHead:
        """Return a signed head without keeping it."""
        key = self._private()
        public = base64.b64encode(_public_bytes(key)).decode()
        head = SignedHead(seq=seq, hash=entry_hash, key=public)
        signature = base64.b64encode(key.sign(head.signed_text())).decode()
        return head.model_copy(update={"signature": signature})

    def heads(self) -> Sequence[SignedHead]:
        """Return the heads that were kept; none where nothing was ever signed.

        Raises:
            StoreError: The file is gone though there is a key for it, or holds what the key did not
                sign; the message names the line.
        """
        try:
            lines = self._heads.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            if self._secret or self._key_file.exists():
                raise self._broken("The signed heads are missing.") from None
            return ()
        except (OSError, ValueError) as error:
            raise self._broken("The signed heads cannot be read.") from error
        return [self._checked(line, number) for number, line in enumerate(lines, start=1)]

    def _checked(self, line: str, number: int) -> SignedHead:
        head = read_head(line)
        mine = base64.b64encode(_public_bytes(self._private())).decode()
        if head is None or head.key != mine or not head.is_genuine():
            raise self._broken(f"Line {number} was not signed with the audit key.")
        return head

    def _private(self) -> Ed25519PrivateKey:
        if self._key is None:
            self._key = _key_of(self._secret) if self._secret else self._own_key()
        return self._key

    def _own_key(self) -> Ed25519PrivateKey:
        if not self._key_file.exists():
            if self._heads.exists():
                raise self._broken("The key that signed the heads is missing.")
            write_private_once(self._key_file, _pem(Ed25519PrivateKey.generate()))
        try:
            return _key_of(self._key_file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise self._broken(f"The key {self._key_file} cannot be read.") from error

    def _broken(self, message: str) -> StoreError:
        return StoreError(
            message,
            where=str(self._heads),
            fix="Compare with a backup, or verify against an exported head.",
        )


def read_head(text: str) -> SignedHead | None:
    """Return the head that a line or an exported file holds, or `None` if it holds none."""
    try:
        return SignedHead.model_validate_json(text)
    except ValidationError:
        return None


def check_heads(
    heads: Iterable[SignedHead], end: int, hash_of: Callable[[int], str | None]
) -> None:
    """Check that a chain still holds what was signed, from the oldest head on.

    Args:
        heads: Genuine heads.
        end: Number of the last entry.
        hash_of: Returns the hash of an entry.

    Raises:
        StoreError: It names the first entry that is missing or is not the one that was signed.
    """
    for head in sorted(heads, key=lambda head: head.seq):
        if head.seq > end:
            raise _rewritten(end + 1, f"The tail is missing: the log reached entry {head.seq}.")
        if hash_of(head.seq) != head.hash:
            raise _rewritten(head.seq, "The chain was rewritten: another entry was signed.")


def _rewritten(seq: int, message: str) -> StoreError:
    return StoreError(
        message, where=f"audit entry {seq}", fix="Compare the database with a backup."
    )


def _key_of(text: str) -> Ed25519PrivateKey:
    if "PRIVATE KEY" in text:
        try:
            key = serialization.load_pem_private_key(text.encode(), password=None)
        except (ValueError, TypeError):
            # From None, here and below: the message may quote the key.
            raise _no_key() from None
        if not isinstance(key, Ed25519PrivateKey):
            raise _no_key()
        return key
    if len(text) < _SHORTEST_SECRET:
        raise _no_key()
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(text.encode()).digest())


def _no_key() -> CredentialError:
    return CredentialError(
        "It is no key to sign the audit log with.",
        where=KEY_VARIABLE,
        fix=f"Set it to an Ed25519 key in PEM, or to {_SHORTEST_SECRET} random characters or more.",
    )


def _public_bytes(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _pem(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
