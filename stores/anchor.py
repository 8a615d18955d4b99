"""Anchor: signed heads of the audit chain, kept apart from the database.

A chain shows any change but one: whoever may write the database can cut its tail, or compute it
anew from some entry on. So its head is signed after each entry, and the heads are kept in a file
of their own. A copy of one head, exported to where nobody of this machine can reach it, vouches for
all that was before, whatever happens to key and file.

Keys change. The key so far signs the head that it leaves and names the next one, which signs the
same: so what older keys signed goes on counting up to there, and nobody hands over to a key that
they do not have.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import hashlib
import os
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
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
_NEXT_KEY_FILE = "audit-key-next.pem"
"""The key that signs next, until every log of the folder is handed over to it."""

_LONGEST_HEAD = 4096
"""Bytes of a line, at most."""

_SHORTEST_SECRET = 32


class SignedHead(Record):
    """What the last entry was at some moment, and who says so."""

    seq: int
    hash: str
    key: str
    """The public key, in base64."""
    next_key: str = ""
    """The public key that signs from here on, where the key was changed."""
    signature: str = ""
    accepted: str = ""
    """The next key's signature."""

    def signed_text(self) -> bytes:
        """Return what is signed."""
        facts = ["pointsman audit head", self.seq, self.hash, self.key]
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


class Anchor:
    """Signs heads and keeps them. Safe from any thread; nothing is opened before the first use.

    Args:
        folder: Where key and heads are: the home folder.
        store: Which store's log it is, where the folder serves several; a file is named by it.
        secret: The key, instead of one in the folder: an Ed25519 key in PEM, or a secret of at
            least 32 characters. `POINTSMAN_AUDIT_KEY` holds it.
    """

    def __init__(self, folder: Path, *, store: str = "", secret: str = "") -> None:
        self._folder = folder
        self._key_file = folder / KEY_FILE
        self._next_key_file = folder / _NEXT_KEY_FILE
        named = f"-{hashlib.sha256(store.encode()).hexdigest()[:8]}" if store else ""
        self._heads = folder / f"audit-heads{named}.jsonl"
        self._secret = secret
        self._key: Ed25519PrivateKey | None = None

    def __repr__(self) -> str:
        return f"Anchor({str(self._heads)!r})"

    def sign(self, seq: int, entry_hash: str) -> SignedHead:
        """Sign a head and keep it.

        Raises:
            StoreError: Key or heads cannot be read or written, or another key signs by now.
            CredentialError: The key is none.
        """
        # A missing key is told before a file is made.
        self._private()
        with self._opened(self._heads) as handle:
            head = _signed(self._key_after(_last_head(handle)), seq, entry_hash)
            _append(handle, head)
        return head

    def signed(self, seq: int, entry_hash: str) -> SignedHead:
        """Return a signed head without keeping it."""
        return _signed(self._private(), seq, entry_hash)

    def heads(self, former: str = "") -> Sequence[SignedHead]:
        """Return the heads that were kept; none where nothing was ever signed.

        Args:
            former: Another key that may have signed the last of them.

        Raises:
            StoreError: The file is gone though there is a key for it, or holds what neither the key
                nor one that handed over to it signed; the message names the line.
        """
        try:
            lines = self._heads.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            if self._secret or self._key_file.exists():
                raise self._broken("The signed heads are missing.") from None
            return ()
        except (OSError, ValueError) as error:
            raise self._broken("The signed heads cannot be read.") from error
        return self._checked(lines, {_public_text(key) for key in self._held(former)})

    def folder_key(self) -> str:
        """Return the key that the folder holds, or nothing if it holds none."""
        try:
            return self._key_file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as error:
            raise self._broken(f"The key {self._key_file} cannot be read.") from error

    def rotate(self, former: str) -> int:
        """Have another key sign every log of the folder from here on, and say how many logs.

        That is the secret, or else a new key that takes the place of the folder's. After a crash in
        the middle, either key signs and verifies; do it again.

        Args:
            former: The key so far.

        Raises:
            StoreError: Heads cannot be read or written.
            CredentialError: A key is none.
        """
        old = _key_of(former)
        new = _key_of(self._secret) if self._secret else self._next_key()
        files = sorted(self._folder.glob("audit-heads*.jsonl"))
        rotated = sum(self._hand_over(file, old, new) for file in files)
        if not self._secret:
            self._next_key_file.replace(self._key_file)
        elif self.folder_key() == former:
            self._key_file.unlink()
        self._key = new
        return rotated

    def _hand_over(self, file: Path, old: Ed25519PrivateKey, new: Ed25519PrivateKey) -> bool:
        """End what the old key signs in a file; not where another one signs it."""
        with self._opened(file) as handle:
            last = _last_head(handle)
            if last is None:
                raise self._broken(f"The last line of {file.name} is no head.")
            if (last.next_key or last.key) != _public_text(old):
                return False
            _append(handle, _signed(old, last.seq, last.hash, to=new))
        return True

    def _checked(self, lines: Sequence[str], held: set[str]) -> Sequence[SignedHead]:
        """Return the heads if each is by the key whose turn it was, and the last key is held."""
        heads = [read_head(line) for line in lines]
        turns = [head for head in heads if head is not None and head.next_key]
        last = turns[-1].next_key if turns else next((h.key for h in heads if h), "")
        keys = iter([*(turn.key for turn in turns), last])
        key = next(keys) if last in held else ""
        checked: list[SignedHead] = []
        for number, head in enumerate(heads, start=1):
            if head is None or head.key != key or not head.is_genuine():
                raise self._broken(f"Line {number} was not signed with the audit key.")
            if head.next_key:
                key = next(keys)
                if head.next_key != key:
                    raise self._broken(f"Line {number} hands over to a key that did not sign on.")
            checked.append(head)
        return checked

    def _key_after(self, last: SignedHead | None) -> Ed25519PrivateKey:
        """Return the key that signs after a head: the folder's may have been changed meanwhile."""
        key = self._private()
        turn = (last.next_key or last.key) if last is not None and last.is_genuine() else None
        if turn in (None, _public_text(key)):
            return key
        for other in self._held():
            if _public_text(other) == turn:
                self._key = other
                return other
        raise StoreError(
            "Another key signs the audit log.",
            where=str(self._heads),
            fix="Start the process again with that key, or hand over: pointsman audit rotate.",
        )

    def _private(self) -> Ed25519PrivateKey:
        if self._key is None:
            self._key = _key_of(self._secret) if self._secret else self._own_key()
        return self._key

    def _held(self, former: str = "") -> Sequence[Ed25519PrivateKey]:
        """Return the keys that may sign now, read anew: two in the middle of a change."""
        held = [_key_of(former)] if former else []
        if self._secret:
            return [*held, self._private()]
        if not held or self._key_file.exists():
            held.append(self._own_key())
        return [*held, self._next_key()] if self._next_key_file.exists() else held

    def _own_key(self) -> Ed25519PrivateKey:
        if not self._key_file.exists():
            if self._heads.exists():
                raise self._broken("The key that signed the heads is missing.")
            write_private_once(self._key_file, _pem(Ed25519PrivateKey.generate()))
        return self._read_key(self._key_file)

    def _next_key(self) -> Ed25519PrivateKey:
        write_private_once(self._next_key_file, _pem(Ed25519PrivateKey.generate()))
        return self._read_key(self._next_key_file)

    def _read_key(self, file: Path) -> Ed25519PrivateKey:
        try:
            return _key_of(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise self._broken(f"The key {file} cannot be read.") from error

    @contextlib.contextmanager
    def _opened(self, file: Path) -> Generator[int]:
        """Open a file of heads for reading and appending, alone until it is closed."""
        try:
            handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, FILE_MODE)
            try:
                # Windows has none; who changes keys there stops what runs before.
                if sys.platform != "win32":
                    import fcntl

                    fcntl.flock(handle, fcntl.LOCK_EX)
                yield handle
            finally:
                os.close(handle)
        except OSError as error:
            raise self._broken(f"A head cannot be kept: {error.strerror}.") from error

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


def _signed(
    key: Ed25519PrivateKey, seq: int, entry_hash: str, *, to: Ed25519PrivateKey | None = None
) -> SignedHead:
    """Return a head that a key has signed, and the next one too if it hands over."""
    next_key = _public_text(to) if to else ""
    head = SignedHead(seq=seq, hash=entry_hash, key=_public_text(key), next_key=next_key)
    signature, accepted = (_signature(signer, head) if signer else "" for signer in (key, to))
    return head.model_copy(update={"signature": signature, "accepted": accepted})


def _signature(key: Ed25519PrivateKey, head: SignedHead) -> str:
    return base64.b64encode(key.sign(head.signed_text())).decode()


def _append(handle: int, head: SignedHead) -> None:
    # One write in append mode, so that whoever reads meanwhile sees whole lines.
    line = (canonical_json(head.to_json()) + "\n").encode()
    written = os.write(handle, line)
    if written < len(line):
        # On a full disk. Half a line would spoil the next one, which is whole.
        os.ftruncate(handle, os.fstat(handle).st_size - written)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _last_head(handle: int) -> SignedHead | None:
    size = os.fstat(handle).st_size
    os.lseek(handle, max(size - _LONGEST_HEAD, 0), os.SEEK_SET)
    lines = os.read(handle, _LONGEST_HEAD).splitlines()
    return read_head(lines[-1].decode(errors="replace")) if lines else None


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


def _public_text(key: Ed25519PrivateKey) -> str:
    form = serialization.PublicFormat.Raw
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, form)
    return base64.b64encode(raw).decode()


def _pem(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
