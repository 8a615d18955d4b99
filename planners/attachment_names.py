"""Attachments under the names that a planner sees: a file's own name is an outsider's text."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from typing import Any

from ..state.task import Task
from ..state.values import Json

_CALL = "attachment("
_WORDS = 4
"""Characters from which a name can say something; shorter ones stand in words by chance."""


def attachment_names(task: Task) -> dict[str, str]:
    """Return attachment → the name that a planner sees.

    It is the file's own where the user's own words hold it; any other file is known by its
    position.
    """
    return {
        item.name: item.name if item.name in task.text else f"attachment_{position}"
        for position, item in enumerate(task.attachments, start=1)
    }


def under_shown_names(text: str, task: Task) -> str:
    """Return what is told of a plan, with the names that its planner knows."""
    for name, shown in attachment_names(task).items():
        if len(name) >= _WORDS:
            text = text.replace(name, shown)
    return text


def renamed(value: Json, names: Mapping[str, str]) -> Any:
    """Return a part of a plan with other names for attachments, in its expressions too."""
    match value:
        case list():
            return [renamed(item, names) for item in value]
        case {"$attachment": str(name)} if len(value) == 1:
            return {"$attachment": names.get(name, name)}
        case dict():
            return {key: renamed(item, names) for key, item in value.items()}
        case str() if _CALL in value:
            return _renamed_in(value, names)
        case _:
            return value


def _renamed_in(text: str, names: Mapping[str, str]) -> str:
    """Return an expression with other names; what is none stays, for the check to say so."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = ast.parse(text, mode="eval")
        changed = [_rename(node, names) for node in ast.walk(tree)]
        return ast.unparse(tree) if any(changed) else text
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return text


def _rename(node: ast.AST, names: Mapping[str, str]) -> bool:
    """Put another name into a call of `attachment`; return whether it was one."""
    match node:
        case ast.Call(func=ast.Name(id="attachment"), args=[ast.Constant(value=str(name)) as read]):
            read.value = names.get(name, name)
            return True
        case _:
            return False
