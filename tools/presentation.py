"""Presentation: how a tool shows its calls to people, by code of its own that may fail.

A call is neither kept from its approver nor taken for failed because of that: both can do without.
"""

from __future__ import annotations

import logging

from ..state.results import Evidence
from ..state.text import whole
from ..state.values import Json, JsonObject
from .contract import Tool

MAX_DESCRIPTION = 4_000
"""Characters of what a tool says of a call."""

_log = logging.getLogger(__name__)


def described(tool: Tool, args: JsonObject) -> str:
    """Return what the tool says that a call will do; empty if it says nothing, or fails."""
    if tool.describe is None:
        return ""
    try:
        said = tool.describe(args)
        return whole(str(said))[:MAX_DESCRIPTION] if said else ""
    except Exception as error:  # noqa: BLE001 - foreign code; the arguments are shown all the same
        _log.warning("The description of %s failed: %s", tool.name, type(error).__name__)
        return ""


def cited(tool: Tool, args: JsonObject, output: Json) -> tuple[Evidence, ...]:
    """Return what the tool says can be cited of its output; nothing if it says nothing, or fails.

    The whole output can be cited then.
    """
    if tool.cite is None:
        return ()
    try:
        return tuple(Evidence.model_validate(item) for item in tool.cite(args, output))
    except Exception as error:  # noqa: BLE001 - foreign code; the call has been made
        _log.warning("The citations of %s failed: %s", tool.name, type(error).__name__)
        return ()
