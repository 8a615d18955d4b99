"""Parameters that LangChain fills itself, told by their annotations without importing it."""

from __future__ import annotations

import typing
from typing import Any

_MARKS = frozenset({"InjectedToolArg", "_DirectlyInjectedToolArg"})
"""Base classes of all marks; `ToolRuntime`'s is not exported."""
_GIVEN = frozenset(
    {"RunnableConfig", "BaseRunManager", "BaseCallbackManager", "BaseCallbackHandler"}
)
_HOMES = frozenset({"langchain_core", "langchain", "langgraph"})


def is_injected(hint: Any) -> bool:
    """Whether a type carries a mark, at whatever depth: what it marks is not for a plan to give."""
    return _holds(hint, _MARKS)


def is_filled(hint: Any) -> bool:
    """Whether LangChain fills a parameter of this type: by its mark, or by what it is."""
    return _holds(hint, _MARKS | _GIVEN)


def _holds(hint: Any, names: frozenset[str]) -> bool:
    kind = typing.get_origin(hint) or (hint if isinstance(hint, type) else type(hint))
    own = any(base.__name__ in names and _is_theirs(base) for base in _bases(kind))
    metadata = getattr(hint, "__metadata__", ())
    return own or any(_holds(part, names) for part in (*typing.get_args(hint), *metadata))


def _bases(kind: Any) -> tuple[type, ...]:
    return kind.__mro__ if isinstance(kind, type) else ()


def _is_theirs(base: type) -> bool:
    return base.__module__.partition(".")[0] in _HOMES
