"""Open requests: what is asked of a person, with the commands that decide on it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ...state.approval import ApprovalRequest
from ...state.values import JsonObject
from ...stores.records import ApprovalRecord
from ..given.options import command_line


@dataclass(frozen=True, kw_only=True)
class OpenRequest:
    """One open request, with what somebody needs to decide on it."""

    record: ApprovalRecord
    commands: dict[str, str]
    """Decision → the command that records it and goes on."""

    @property
    def request(self) -> ApprovalRequest:
        """What is asked."""
        return self.record.request

    def as_document(self) -> JsonObject:
        """Return the form that programs read."""
        return {
            **self.request.model_dump(mode="json", exclude={"facts", "shown"}),
            "status": self.record.status,
            "thread": self.record.thread_id,
            "decisions": [d.model_dump(mode="json") for d in self.record.decisions],
            "evidence": [
                {"id": item.id, "source": item.source, "text": item.text}
                for item in self.request.shown
            ],
            "commands": self.commands,
        }


def deciding_commands(config: str, request: ApprovalRequest) -> dict[str, str]:
    """Return decision → command, for the decisions that the request allows."""
    extra: dict[str, tuple[str, str]] = {
        "edit": ("--args", json.dumps(request.args)),
        "reject": ("--message", "why not"),
        "respond": ("--message", "your words"),
    }
    return {
        decision: command_line(config, decision, request.id, *extra.get(decision, ()))
        for decision in request.allowed
    }
