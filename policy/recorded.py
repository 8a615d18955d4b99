"""Recorded facts: what policy was told of a call, kept with the request for a person's approval.

So whoever decides needs the request alone, not the run that waits for it.
"""

from __future__ import annotations

from ..errors import DecisionError
from ..state.approval import ApprovalRequest
from ..state.migrations import read_stored
from ..state.values import JsonObject
from .facts import CallFacts

_NOT_KEPT = frozenset(
    {"tool", "args", "tainted_args", "chosen", "frozen", "endorsed", "released", "grant"}
    | {"granted_by"}
)
"""Facts that the request itself holds, and those that are read anew."""


def recorded(facts: CallFacts) -> JsonObject:
    """Return the facts that a request keeps."""
    return {name: v for name, v in facts.to_json().items() if name not in _NOT_KEPT}


def facts_of(
    request: ApprovalRequest, *, args: JsonObject | None = None, frozen: bool = False
) -> CallFacts:
    """Return what policy is told of a request's call.

    Args:
        request: The request.
        args: Other arguments than it asks for: an edit.
        frozen: Whether the tool is frozen now.

    Raises:
        DecisionError: The request was made by a release that kept no facts.
    """
    if not request.facts:
        raise DecisionError(
            "It was asked by an earlier release, which kept too little to judge a decision by.",
            where=f"approval {request.id}",
            fix="Decide on it where its thread runs.",
        )
    return read_stored(
        CallFacts,
        {
            **request.facts,
            "tool": request.tool,
            "args": request.args if args is None else args,
            "tainted_args": request.provenance,
            "frozen": frozen,
        },
        where=f"approval {request.id}",
    )
