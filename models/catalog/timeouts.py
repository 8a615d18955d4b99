"""How long a model may take: by model, by role, by endpoint, in this order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from ..requests import Role

THINKING: frozenset[Role] = frozenset({"planner", "reasoner"})
"""Roles whose models may think for minutes before they say a word."""


class TimeoutSettings(BaseModel):
    """Bounds on one attempt, in seconds; what is left out is decided elsewhere."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True
    )

    connect: float | None = Field(default=None, gt=0)
    read: float | None = Field(default=None, gt=0)
    """Longest silence. A reply that is not streamed is silent until it is there."""
    total: float | None = Field(default=None, gt=0)
    """From the request to the end of the reply; at least `read` if left out."""


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Bounds on one attempt, in seconds."""

    connect: float = 5.0
    read: float = 60.0
    total: float = 60.0


PATIENT = Timeouts(read=300.0, total=300.0)
"""For roles of `THINKING`, unless something else is set."""


def timeouts(role: Role, *layers: TimeoutSettings) -> Timeouts:
    """Put bounds together; the first layer that gives one decides."""
    default = PATIENT if role in THINKING else Timeouts()
    read = _first(*(layer.read for layer in layers)) or default.read
    return Timeouts(
        connect=_first(*(layer.connect for layer in layers)) or default.connect,
        read=read,
        total=_first(*(layer.total for layer in layers)) or max(default.total, read),
    )


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)
