"""Signals of a request that nobody makes: to explain a route, or to replay one."""

from __future__ import annotations

from ...state.task import Modality
from ..requests import BYTES_PER_TOKEN_ESTIMATE, Risk, Role, Signals


def signals_for(
    text: str,
    *,
    role: Role = "chat",
    task_type: str = "general",
    risk: Risk = "low",
    modalities: tuple[Modality, ...] = ("text",),
    output_tokens: int = 1024,
    data_class: str | tuple[str, ...] = (),
    **more: object,
) -> Signals:
    """Return the signals of a request that was not made, from its text and what is said of it."""
    return Signals.model_validate(
        {
            "role": role,
            "task_type": task_type,
            "risk": risk,
            "modalities": modalities,
            "context_tokens": len(text.encode()) // BYTES_PER_TOKEN_ESTIMATE + 16,
            "output_tokens": output_tokens,
            "data_class": data_class,
            "request": text,
            **more,
        }
    )
