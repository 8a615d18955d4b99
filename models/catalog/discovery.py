"""Models that an endpoint lists by itself, joined with what is known of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Any

import httpx

from ...errors import ConfigError, EndpointError
from ...state.forks import new_lock
from ...state.values import JsonObject
from .published import published_context_window
from .settings import EndpointSettings, ModelSettings, ModelsSettings

log = logging.getLogger(__name__)

TIMEOUT = 10.0
REFRESH_SECONDS = 600.0
"""How long a list of models is good for."""
RETRY_SECONDS = 15.0
"""How soon an endpoint that did not answer is asked again."""


async def list_endpoint(name: str, endpoint: EndpointSettings) -> tuple[ModelSettings, ...]:
    """Ask an endpoint for its models.

    Raises:
        EndpointError: It does not answer, or not with a list of models.
        ConfigError: The key's variable is not set.
    """
    headers = endpoint.all_headers(name)
    key = endpoint.key(name)
    if key:
        headers["Authorization"] = f"Bearer {key}"
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT, headers=headers) as client:
            response = await client.get(endpoint.base_url.rstrip("/") + "/models")
            response.raise_for_status()
            listed = response.json()["data"]
            return models_of(name, endpoint, listed)
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        # Only where it fails: to tell failures apart takes the provider's whole client library.
        from ..failures.classify import classify

        failure = classify(error, secrets=(key,))
        raise EndpointError(
            f"The models cannot be listed: {failure.message}",
            failure=failure.kind,
            where=f"models.endpoints.{name}",
            fix="Check the address, or list the models in the settings.",
        ) from error


def models_of(name: str, endpoint: EndpointSettings, listed: Any) -> tuple[ModelSettings, ...]:
    """Turn the entries of `/v1/models` into catalog entries, those that the settings take."""
    assumed = endpoint.discovered
    return tuple(
        ModelSettings(
            id=entry["id"],
            endpoint=name,
            provider=endpoint.provider,
            roles=assumed.roles,
            quality=assumed.quality,
            structured_output=assumed.structured_output,
            context_window=_context(entry, endpoint),
        )
        for entry in listed
        if any(fnmatch(entry["id"], pattern) for pattern in assumed.include)
        and not any(fnmatch(entry["id"], pattern) for pattern in assumed.exclude)
    )


def _context(entry: JsonObject, endpoint: EndpointSettings) -> int | None:
    for field in ("context_window", "context_length", "max_model_len"):
        value = entry.get(field)
        if isinstance(value, int) and value > 0:
            return value
    return published_context_window(
        entry["id"], provider=endpoint.provider, base_url=endpoint.base_url
    )


class Discovery:
    """What endpoints have listed, asked again from time to time.

    An endpoint that does not answer keeps the models it listed before.

    Args:
        listed: What is known already, by endpoint and settings.
        asks: Whether endpoints are asked at all.
    """

    def __init__(
        self, listed: Mapping[str, tuple[ModelSettings, ...]] | None = None, *, asks: bool = True
    ) -> None:
        self._lock = new_lock()
        self._listed = dict(listed or {})
        self._due: dict[str, float] = {}
        self._asks = asks

    def as_known(self) -> Discovery:
        """Return what has been listed by now, by somebody who asks no endpoint."""
        with self._lock:
            return Discovery(self._listed, asks=False)

    def pending(self, settings: ModelsSettings) -> Mapping[str, EndpointSettings]:
        """Return the endpoints whose list is due, and count them as asked."""
        if not self._asks:
            return {}
        now = time.monotonic()
        with self._lock:
            due = {
                name: endpoint
                for name, endpoint in settings.endpoints.items()
                if endpoint.models == "discover"
                and not endpoint.disabled
                and self._due.get(_place(name, endpoint), 0.0) <= now
            }
            # Only endpoints with a list may be left to another caller; the rest is waited for.
            for name, endpoint in due.items():
                if _place(name, endpoint) in self._listed:
                    self._due[_place(name, endpoint)] = now + RETRY_SECONDS
            return due

    async def refresh(self, settings: ModelsSettings) -> bool:
        """Ask the endpoints whose list is due. Say whether any list has changed."""
        due = self.pending(settings)
        if not due:
            return False
        changes = await asyncio.gather(*(self._ask(name, each) for name, each in due.items()))
        return any(changes)

    def listed(self, settings: ModelsSettings) -> tuple[ModelSettings, ...]:
        """Return the models that are known to be listed."""
        with self._lock:
            return tuple(
                model
                for name, endpoint in settings.endpoints.items()
                if endpoint.models == "discover"
                for model in self._listed.get(_place(name, endpoint), ())
            )

    async def _ask(self, name: str, endpoint: EndpointSettings) -> bool:
        place = _place(name, endpoint)
        try:
            found = await list_endpoint(name, endpoint)
        except (EndpointError, ConfigError) as error:
            log.warning("%s", error)
            with self._lock:
                self._due[place] = time.monotonic() + RETRY_SECONDS
            return False
        with self._lock:
            changed = self._listed.get(place) != found
            self._listed[place] = found
            self._due[place] = time.monotonic() + REFRESH_SECONDS
        return changed


def _place(name: str, endpoint: EndpointSettings) -> str:
    return f"{name}\n{endpoint.model_dump_json()}"
