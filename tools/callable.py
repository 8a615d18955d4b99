"""What a function must be to serve as a tool, whoever wrote it for whom."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..errors import ConfigError


def refuse_uncallable(function: Callable[..., Any], *, name: str) -> None:
    """Refuse a function whose call would fail, or would do nothing.

    Raises:
        ConfigError: It takes arguments by position alone, or it is a generator.
    """
    inner = inspect.unwrap(function)
    if inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner):
        raise ConfigError(
            "It is a generator: called, it has done nothing yet.",
            where=name,
            fix="Return a list instead of yielding.",
        )
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise ConfigError(
                "Arguments are passed by name.",
                where=f"{name}.{parameter.name}",
                fix="Remove the `/` from the signature.",
            )
