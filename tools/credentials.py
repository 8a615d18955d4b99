"""Credentials for tools: fetched for one call, by name, and kept nowhere."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from ..errors import CredentialError
from ..state.json_text import json_in
from ..state.run import Principal
from .threads import TOOL_THREADS


class CredentialProvider(Protocol):
    """Where tools' keys and tokens come from."""

    async def fetch(
        self, names: tuple[str, ...], *, scopes: tuple[str, ...], principal: Principal
    ) -> Mapping[str, str]:
        """Return exactly the named credentials.

        Args:
            names: What the tool's contract asks for.
            scopes: The tool's scopes, for a provider that issues narrow tokens.
            principal: Who the call is made for.

        Raises:
            CredentialError: One is missing or not permitted; it names the credential, no value.
        """
        ...


class EnvironmentCredentials:
    """Credentials from environment variables.

    Args:
        variables: Credential name → variable name. Names that are not listed are refused, so that
            a contract cannot ask for any variable of the process.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = dict(variables)

    async def fetch(
        self, names: tuple[str, ...], *, scopes: tuple[str, ...], principal: Principal
    ) -> Mapping[str, str]:
        """See `CredentialProvider.fetch`."""
        _ = scopes, principal
        return {name: self._value(name) for name in names}

    def _value(self, name: str) -> str:
        variable = self._variables.get(name)
        if variable is None:
            raise CredentialError(
                "No variable is configured for this credential.",
                where=name,
                fix="Add it to the credentials of the settings.",
            )
        value = os.environ.get(variable, "")
        if not value:
            raise CredentialError(
                f"The variable {variable} is not set.", where=name, fix=f"Set {variable}."
            )
        return value


class FileCredentials:
    """Credentials from one file, a JSON object or `NAME=value` lines; read again at each call.

    Args:
        path: The file. It must not be readable by other users.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def fetch(
        self, names: tuple[str, ...], *, scopes: tuple[str, ...], principal: Principal
    ) -> Mapping[str, str]:
        """See `CredentialProvider.fetch`."""
        _ = scopes, principal
        values = await TOOL_THREADS.run(read_credentials, self._path)
        for name in names:
            if not values.get(name):
                raise CredentialError(
                    f"{self._path} does not hold this credential.",
                    where=name,
                    fix="Add it there, as text.",
                )
        return {name: values[name] for name in names}


def read_credentials(path: Path) -> dict[str, str]:
    """Read a credentials file.

    Raises:
        CredentialError: It is missing, readable by others, or malformed.
    """
    try:
        # The mode is asked of the open file, so that it cannot be exchanged in between.
        with path.open(encoding="utf-8-sig") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialError(
            f"The credentials file cannot be read ({type(error).__name__}).",
            where=str(path),
            fix="Create it with mode 0600.",
        ) from None
    if mode & 0o077:
        raise CredentialError(
            f"Other users of this machine may read it (mode {mode:04o}).",
            where=str(path),
            fix=f"Run: chmod 600 {path}",
        )
    return _parse_object(text, path) if text.lstrip().startswith("{") else _parse_lines(text, path)


def _parse_object(text: str, path: Path) -> dict[str, str]:
    try:
        values = json_in(text)
    except ValueError as error:
        # The decoder's own message may quote the document, so only the position is repeated.
        raise _malformed(path, getattr(error, "lineno", 1)) from None
    # What is neither text nor number is none: a null would be sent as the word "None".
    return {
        str(name): str(value)
        for name, value in values.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }


def _parse_lines(text: str, path: Path) -> dict[str, str]:
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip().removeprefix("export ").strip()
        if not stripped or stripped.startswith("#"):
            continue
        name, separator, value = stripped.partition("=")
        if not separator:
            raise _malformed(path, number)
        values[name.strip()] = _unquote(value.strip())
    return values


def _unquote(value: str) -> str:
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _malformed(path: Path, line: int) -> CredentialError:
    return CredentialError(
        f"Line {line} is not understood.",
        where=str(path),
        fix="Write a JSON object, or NAME=value lines.",
    )
