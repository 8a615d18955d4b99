"""Test an agent without a provider: a scripted gateway over HTTP, and a scripted chat model."""

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
