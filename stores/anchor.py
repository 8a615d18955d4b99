"""Anchor: signed heads of the audit chains, kept apart from the database.

A chain shows any change but these: whoever may write the database can cut its tail, compute it anew
from some entry on, or take it away as a whole. So lists of their entries are signed, and kept in a
file of their own, each line bound to the one before. A copy, exported to where nobody of this
machine can reach it, vouches for all that was before, whatever happens to key and file.

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
from collections.abc import Generator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ..errors import CredentialError, StoreError
from ..state.values import canonical_json
from .files import FILE_MODE, write_private_once
from .signed_heads import HeadList, OlderHead, SignedEntry, is_next, line_digest, read_signed

KEY_VARIABLE = "POINTSMAN_AUDIT_KEY"
KEY_FILE = "audit-key.pem"
_NEXT_KEY_FILE = "audit-key-next.pem"
"""The key that signs next, until every log of the folder is handed over to it."""

_BLOCK = 4096
"""Bytes of the file that are read first to find its last line."""

_SHORTEST_SECRET = 32


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
        self._newest: tuple[str, HeadList] | None = None
        """What this process signed last, and the line that it stands in."""

    def __repr__(self) -> str:
        return f"Anchor({str(self._heads)!r})"

    def sign(self, entries: Sequence[SignedEntry]) -> HeadList:
        """Sign entries, each chain's newest among them, and keep that.

        Raises:
            StoreError: Key or heads cannot be read or written, or another key signs by now.
            CredentialError: The key is none.
        """
        # A missing key is told before a file is made.
        self._private()
        with self._opened(self._heads) as handle:
            line = _last_line(handle)
            if self._newest is not None and self._newest[0] == line:
                last, key = self._newest[1], self._private()
            else:
                last = read_signed(line)
                key = self._key_after(last)
            self._newest = _append(handle, line, last, key, entries)
            return self._newest[1]

    def signed(self, entries: Sequence[SignedEntry]) -> HeadList:
        """Return a signed list without keeping it."""
        return _signed(self._private(), entries)

    def has_signed(self) -> bool:
        """Say whether a list is kept that chains are named in; older heads are none.

        Raises:
            StoreError: The file cannot be read.
        """
        if not self._heads.exists():
            return False
        with self._opened(self._heads) as handle:
            return isinstance(read_signed(_last_line(handle)), HeadList)

    def heads(self, former: str = "") -> Sequence[OlderHead | HeadList]:
        """Return what was signed and kept; nothing where nothing ever was.

        Args:
            former: Another key that may have signed the last of it.

        Raises:
            StoreError: The file is gone though there is a key for it, lacks a line, or holds what
                neither the key nor one that handed over to it signed; the message names the line.
        """
        try:
            lines = [line.decode() for line in self._heads.read_bytes().splitlines()]
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
            line = _last_line(handle)
            last = read_signed(line)
            if last is None:
                raise self._broken(f"The last line of {file.name} is no head.")
            if (last.next_key or last.key) != _public_text(old):
                return False
            _append(handle, line, last, old, (), to=new)
        return True

    def _checked(self, lines: Sequence[str], held: set[str]) -> Sequence[OlderHead | HeadList]:
        """Return what each line holds if it is by the key whose turn it was, and follows the last.

        The last key must be held.
        """
        signed = [read_signed(line) for line in lines]
        turns = [heads for heads in signed if heads is not None and heads.next_key]
        last = turns[-1].next_key if turns else next((h.key for h in signed if h), "")
        keys = iter([*(turn.key for turn in turns), last])
        key = next(keys) if last in held else ""
        checked: list[OlderHead | HeadList] = []
        lists = 1
        for number, heads in enumerate(signed, start=1):
            if heads is None or heads.key != key or not heads.is_genuine():
                raise self._broken(f"Line {number} was not signed with the audit key.")
            if not is_next(heads, lines[number - 2] if number > 1 else "", lists):
                raise self._broken(f"A line is missing before line {number}.")
            lists += isinstance(heads, HeadList)
            if heads.next_key:
                key = next(keys)
                if heads.next_key != key:
                    raise self._broken(f"Line {number} hands over to a key that did not sign on.")
            checked.append(heads)
        return checked

    def _key_after(self, last: OlderHead | HeadList | None) -> Ed25519PrivateKey:
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


def _signed(
    key: Ed25519PrivateKey,
    entries: Sequence[SignedEntry],
    *,
    number: int = 0,
    previous: str = "",
    to: Ed25519PrivateKey | None = None,
) -> HeadList:
    """Return a list that a key has signed, and the next one too if it hands over."""
    heads = HeadList(
        number=number,
        previous=previous,
        entries=tuple(entries),
        key=_public_text(key),
        next_key=_public_text(to) if to else "",
    )
    signature, accepted = (_signature(signer, heads) if signer else "" for signer in (key, to))
    return heads.model_copy(update={"signature": signature, "accepted": accepted})


def _signature(key: Ed25519PrivateKey, heads: HeadList) -> str:
    return base64.b64encode(key.sign(heads.signed_text())).decode()


def _append(
    handle: int,
    line: str,
    last: OlderHead | HeadList | None,
    key: Ed25519PrivateKey,
    entries: Sequence[SignedEntry],
    to: Ed25519PrivateKey | None = None,
) -> tuple[str, HeadList]:
    """Append a list behind the last line, which holds `last`; return it after its own line."""
    number = last.number + 1 if isinstance(last, HeadList) else 1
    previous = line_digest(line) if line else ""
    heads = _signed(key, entries, number=number, previous=previous, to=to)
    # One write in append mode, so that whoever reads meanwhile sees whole lines.
    text = canonical_json(heads.to_json())
    data = f"{text}\n".encode()
    written = os.write(handle, data)
    if written < len(data):
        # On a full disk. Half a line would spoil the next one, which is whole.
        os.ftruncate(handle, os.fstat(handle).st_size - written)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return text, heads


def _last_line(handle: int) -> str:
    """Return the last line of a file, which may be of any length."""
    size, block = os.fstat(handle).st_size, _BLOCK
    while True:
        os.lseek(handle, max(size - block, 0), os.SEEK_SET)
        # Further back than a whole line if that is found.
        lines = os.read(handle, min(block, size)).splitlines()
        if len(lines) > 1 or block >= size:
            return lines[-1].decode(errors="replace") if lines else ""
        block *= 4


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
