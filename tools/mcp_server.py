"""How an MCP server is reached, and which of it is secret: what settings say of it."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from pydantic import Field, field_validator

from ..errors import ConfigError
from ..state.values import Record

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SECRET_NAME = re.compile(r"key|token|secret|passw|auth|credential|cookie|signature|session", re.I)
_PLAIN_HEADERS = ("accept", "content-type", "user-agent", "host", "connection", "mcp-")
_LONGEST_WORD = 20
"""Letters and digits that are too many for a word in a path."""


class McpServer(Record):
    """How a server is reached.

    `${NAME}` in an argument, variable, header or URL is taken from our environment when a session
    is opened, so that a file of settings holds no credential.
    """

    name: str
    transport: Literal["stdio", "streamable_http"] = "stdio"
    command: str = ""
    """For `stdio`: the program to start."""
    args: tuple[str, ...] = Field(default=(), repr=False)
    env: dict[str, str] = Field(default={}, repr=False)
    """For `stdio`: variables of the program."""
    cwd: str | None = None
    url: str = Field(default="", repr=False)
    """For `streamable_http`. What stands in its query is taken for a credential."""
    headers: dict[str, str] = Field(default={}, repr=False)
    prefix: bool = False
    """Whether tools are called `server_tool`, so that two servers can have tools of one name."""

    @field_validator("url")
    @classmethod
    def _without_user(cls, url: str) -> str:
        if "@" in urlsplit(url).netloc:
            raise ValueError("it holds a credential; give it as the header Authorization")
        return url

    def secrets(self) -> tuple[str, ...]:
        """Return what nobody may read: in headers, variables, arguments and the URL."""
        return tuple(dict.fromkeys(value for value in self._secrets() if value))

    def resolved(self) -> McpServer:
        """Return the server with its variables filled in.

        Raises:
            ConfigError: One of them is not set.
        """
        return self._filled(functools.partial(_variable, server=self.name))

    def _filled(self, variable: Callable[[str], str]) -> McpServer:
        given = self.model_dump(include={"args", "env", "url", "headers"})
        return self.model_copy(update=_replaced(given, variable))

    def _secrets(self) -> Iterator[str]:
        named: list[str] = []
        filled = self._filled(lambda name: named.append(name) or os.environ.get(name, ""))
        yield from (os.environ.get(name, "") for name in named)
        for name, value in filled.headers.items():
            if not name.lower().startswith(_PLAIN_HEADERS):
                # Also without the scheme before it: `Bearer KEY`.
                yield from (value, value.rpartition(" ")[2])
        yield from (value for name, value in filled.env.items() if _SECRET_NAME.search(name))
        yield from _secret_arguments(filled.args)
        url = urlsplit(filled.url)
        yield from (value for _, value in parse_qsl(url.query))
        yield from _keys_in(url.path)


def _replaced(value: Any, variable: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(item, variable) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_replaced(item, variable) for item in value)
    return _VARIABLE.sub(lambda found: variable(found[1]), value)


def _variable(name: str, *, server: str) -> str:
    held = os.environ.get(name)
    if held is None:
        raise ConfigError(
            f"The variable {name} is not set.",
            where=f"mcp.{server}",
            fix="Set it, or give the value without `${…}`.",
        )
    return held


def _keys_in(path: str) -> Iterator[str]:
    """Yield the parts of a path that are no words: some addresses are keys."""
    for part in path.split("/"):
        if len(part) >= _LONGEST_WORD and re.search(r"\d", part) and re.search("[A-Za-z]", part):
            yield part


def _secret_arguments(args: tuple[str, ...]) -> Iterator[str]:
    """Yield the values of options such as `--api-key KEY` and `--token=KEY`."""
    for option, following in pairwise((*args, "")):
        name, equals, value = option.partition("=")
        if name.startswith("-") and _SECRET_NAME.search(name):
            yield value if equals else following


def shown_url(url: str) -> str:
    """Return a URL as it may stand in a log: without query, and without a path that is a key."""
    parts = urlsplit(url)
    path = "" if any(_keys_in(parts.path)) else parts.path
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))
