"""What is asked of parts of the store that are not always the store's own.

Every method is safe to call from any event loop and any thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..state.values import Json
from .records import Switch


class Payloads(Protocol):
    """Content-addressed storage: each value is stored once."""

    async def put(self, value: Json, *, thread: str = "") -> str:
        """Store a JSON value, which that thread will name, and return its digest."""
        ...

    async def get(self, digest: str) -> Json:
        """Return the value. Raises `NotFoundError`."""
        ...

    async def put_bytes(self, data: bytes, media_type: str, *, thread: str = "") -> str:
        """Store bytes, which that thread will name, and return their digest."""
        ...

    async def get_bytes(self, digest: str) -> tuple[bytes, str]:
        """Return bytes and media type. Raises `NotFoundError`."""
        ...


class Switches(Protocol):
    """Where the switches that are on are read."""

    async def active(self) -> Sequence[Switch]:
        """Return the switches that are on."""
        ...
