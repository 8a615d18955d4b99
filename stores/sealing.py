"""Seal: values that nobody reads who has the file alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


@dataclass(frozen=True)
class Seal:
    """AES-256-GCM under a key that is asked for when there is something to seal or to open.

    What was sealed is opened also where nothing new is sealed.
    """

    key: Callable[[], bytes]
    """Gives the secret that the key is made of."""
    closes: bool = True
    """Whether new values are sealed."""

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(hashlib.sha256(b"checkpoints\0" + self.key()).digest())

    def close(self, data: bytes) -> bytes:
        """Return data sealed, each time anew."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, None)

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed.

        Raises:
            ValueError: It was sealed with another key, or is damaged.
        """
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except InvalidTag:
            raise ValueError("A value was sealed with another key") from None
