"""Test an agent without a provider: a scripted gateway over HTTP, and a scripted chat model.

What the names below lead to is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import exports

if TYPE_CHECKING:
    from .chat_model import ScriptedModel, ScriptedReply
    from .completion import count_tokens
    from .faults import FAULT_KINDS, FAULTS, FaultKind, FaultSpec
    from .gateway import ScriptedGateway
    from .records import Outcome, Price, RequestRecord
    from .replies import Fault, GatewayRequest, Reply, Responder, TokenUsage
    from .script_file import load_gateway

__all__ = [
    "FAULTS",
    "FAULT_KINDS",
    "Fault",
    "FaultKind",
    "FaultSpec",
    "GatewayRequest",
    "Outcome",
    "Price",
    "Reply",
    "RequestRecord",
    "Responder",
    "ScriptedGateway",
    "ScriptedModel",
    "ScriptedReply",
    "TokenUsage",
    "count_tokens",
    "load_gateway",
]

__getattr__ = exports(
    __name__,
    {
        "FAULTS": "faults",
        "FAULT_KINDS": "faults",
        "Fault": "replies",
        "FaultKind": "faults",
        "FaultSpec": "faults",
        "GatewayRequest": "replies",
        "Outcome": "records",
        "Price": "records",
        "Reply": "replies",
        "RequestRecord": "records",
        "Responder": "replies",
        "ScriptedGateway": "gateway",
        "ScriptedModel": "chat_model",
        "ScriptedReply": "chat_model",
        "TokenUsage": "replies",
        "count_tokens": "completion",
        "load_gateway": "script_file",
    },
)
