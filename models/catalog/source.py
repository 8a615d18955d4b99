"""Where the models' settings come from, so that they can change while a server runs."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Protocol

from ...errors import ConfigError
from ...state.forks import new_lock
from ...state.yaml_text import read_yaml
from .settings import ModelsSettings, parse_models_settings

log = logging.getLogger(__name__)


class SettingsSource(Protocol):
    """Settings with a version that is compared before each routing decision."""

    def current(self) -> tuple[str, ModelsSettings]:
        """Return the version and the settings in force. It waits for nothing."""
        ...

    async def refresh(self) -> None:
        """Take up what has changed; asked before each routing decision."""
        ...


class FixedSettings:
    """Settings that do not change."""

    def __init__(self, settings: ModelsSettings) -> None:
        self._settings = settings

    def current(self) -> tuple[str, ModelsSettings]:
        """Return the settings."""
        return "fixed", self._settings

    async def refresh(self) -> None:
        """Do nothing."""


class FileSettings:
    """The section `models` of a YAML file, read again when the file changes.

    A change that is not valid is logged and leaves the last valid settings in force.

    Args:
        path: The settings file.
        section: The key of the section; empty if the file is the section.

    Raises:
        ConfigError: The file cannot be read or is not valid when first read.
    """

    def __init__(self, path: str | Path, *, section: str = "models") -> None:
        self._path = Path(path)
        self._section = section
        self._lock = new_lock()
        self._seen = self._stamp()
        self._settings = self._read()

    def current(self) -> tuple[str, ModelsSettings]:
        """Return the settings of the newest valid version of the file."""
        with self._lock:
            return self._seen, self._settings

    async def refresh(self) -> None:
        """Look at the file, in a thread: an event loop must not wait for a disk."""
        await asyncio.to_thread(self._check)

    def _check(self) -> None:
        with self._lock:
            stamp = self._stamp() or self._seen
            if stamp == self._seen:
                return
            self._seen = stamp
            try:
                self._settings = self._read()
            except ConfigError as error:
                log.warning("The settings in force stay as they were: %s", error)

    def _stamp(self) -> str:
        try:
            found = self._path.stat()
        except OSError:
            return ""
        return f"{found.st_mtime_ns}/{found.st_size}/{found.st_ino}"

    def _read(self) -> ModelsSettings:
        try:
            data = read_yaml(self._path.read_text(encoding="utf-8")) or {}
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"The settings cannot be read: {error}.",
                where=str(self._path),
                fix="Check that the file exists and is YAML.",
            ) from None
        section = data.get(self._section, {}) if self._section else data
        return parse_models_settings(section or {}, where=self._section or "models")
