"""Keyring: a JSON file of signing keys, one of them active, readable by its owner only.

A rotation adds a key and makes it active; tokens signed with the old one stay good until they
expire or the old key is retired.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
import time
from pathlib import Path
from typing import ClassVar, Literal, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_serializer,
    model_validator,
)

from ..errors import CredentialError

Algorithm = Literal["EdDSA", "HS256"]

MAX_KEYRING_BYTES = 1_000_000
MIN_SECRET_BYTES = 32
"""RFC 7518 asks HS256 for a key as long as its hash."""


class Key(BaseModel):
    """One key. Its kind fixes the algorithm: a token's header has no say in it."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True
    )

    kid: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    algorithm: Algorithm
    key: SecretStr
    """HS256: a secret of at least 32 bytes. EdDSA: an Ed25519 key in PEM, private where tokens
    are issued; the public one suffices where they are only verified."""
    created_at: float = 0.0

    @field_serializer("key")
    def _reveal(self, key: SecretStr) -> str:
        return key.get_secret_value()

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.algorithm == "EdDSA":
            self._public()
        elif len(self._bytes()) < MIN_SECRET_BYTES:
            raise ValueError(f"an HS256 secret needs at least {MIN_SECRET_BYTES} bytes")
        return self

    def verifying(self) -> Ed25519PublicKey | bytes:
        """Return what verifies a signature."""
        return self._bytes() if self.algorithm == "HS256" else self._public()

    def signing(self) -> Ed25519PrivateKey | bytes:
        """Return what signs.

        Raises:
            CredentialError: The keyring holds only the public half.
        """
        if self.algorithm == "HS256":
            return self._bytes()
        if (private := self._private()) is None:
            raise CredentialError(
                "It can verify tokens but not sign them.",
                where=f"key {self.kid}",
                fix="Use a keyring with the private key.",
            )
        return private

    def _bytes(self) -> bytes:
        return self.key.get_secret_value().encode()

    def _private(self) -> Ed25519PrivateKey | None:
        if b"PRIVATE KEY" not in self._bytes():
            return None
        try:
            key = serialization.load_pem_private_key(self._bytes(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            # From None: the parser's message may quote the key.
            raise ValueError("it is not a private key in unencrypted PEM") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("it is not an Ed25519 key")  # noqa: TRY004 - what pydantic reports
        return key

    def _public(self) -> Ed25519PublicKey:
        if (private := self._private()) is not None:
            return private.public_key()
        try:
            key = serialization.load_pem_public_key(self._bytes())
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError("it is not a public key in PEM") from None
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("it is not an Ed25519 key")  # noqa: TRY004 - what pydantic reports
        return key


class Keyring(BaseModel):
    """Keys by id."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True
    )

    active: str
    """Id of the key that signs new tokens."""
    keys: tuple[Key, ...] = Field(max_length=100)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        kids = [key.kid for key in self.keys]
        if len(set(kids)) < len(kids):
            raise ValueError("two keys have the same kid")
        if self.active not in kids:
            raise ValueError("the active key is not in the ring")
        return self

    def get(self, kid: str) -> Key | None:
        """Return a key, or `None`."""
        return next((key for key in self.keys if key.kid == kid), None)

    def rotated(self, key: Key) -> Keyring:
        """Return a ring with a further key, which becomes active."""
        return Keyring(active=key.kid, keys=(*self.keys, key))

    def without(self, kid: str) -> Keyring:
        """Return a ring without a key; its tokens are refused from then on.

        Raises:
            CredentialError: It is the active key, or there is no such key.
        """
        if kid == self.active or self.get(kid) is None:
            raise CredentialError(
                "It is active." if kid == self.active else "The ring has no such key.",
                where=f"key {kid[:64]}",
                fix="Rotate first." if kid == self.active else "List the keys.",
            )
        return Keyring(active=self.active, keys=tuple(k for k in self.keys if k.kid != kid))


def new_key(algorithm: Algorithm = "EdDSA") -> Key:
    """Generate a key."""
    if algorithm == "EdDSA":
        text = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        secret = text.decode()
    else:
        secret = secrets.token_urlsafe(48)
    return Key(
        kid=secrets.token_hex(6), algorithm=algorithm, key=SecretStr(secret), created_at=time.time()
    )


def new_keyring(algorithm: Algorithm = "EdDSA") -> Keyring:
    """Generate a keyring of one key."""
    key = new_key(algorithm)
    return Keyring(active=key.kid, keys=(key,))


def read_keyring(path: Path) -> Keyring:
    """Read a keyring.

    Raises:
        CredentialError: There is none, others may read or write it, or it holds no valid keys.
            The message never quotes the file.
    """
    where = f"keyring {path}"
    try:
        with path.open("rb") as file:
            # Of the open file, so that what is checked is what is read.
            status = os.fstat(file.fileno())
            _check_private(status, where)
            text = file.read(MAX_KEYRING_BYTES + 1)
    except OSError as error:
        raise CredentialError(
            f"It cannot be read: {error.strerror}.", where=where, fix="Make one with new_keyring."
        ) from None
    if len(text) > MAX_KEYRING_BYTES:
        raise CredentialError("It is larger than a keyring is.", where=where, fix="Check the path.")
    try:
        return Keyring.model_validate_json(text)
    except ValidationError as error:
        problems = {f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()}
        raise CredentialError("; ".join(sorted(problems)[:5]), where=where) from None


def _check_private(status: os.stat_result, where: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise CredentialError("It is not a regular file.", where=where, fix="Check the path.")
    # Windows has no such modes; access lists protect the file there.
    if os.name == "posix" and status.st_mode & 0o077:
        raise CredentialError(
            f"Its mode is {stat.S_IMODE(status.st_mode):04o}: others can get at the keys.",
            where=where,
            fix="Run chmod 600 on it, and rotate the key if the machine has other users.",
        )


def write_keyring(path: Path, keyring: Keyring) -> None:
    """Write a keyring as a whole or not at all, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".keyring-")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(keyring.model_dump_json(indent=2))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
