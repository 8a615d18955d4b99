"""What providers and local servers say when something is wrong, and what they mean by it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .classes import FailureClass

READ_CHARACTERS = 4_000
"""How much of a message is looked at."""

CONTEXT = re.compile(
    # OpenAI, Azure, vLLM, SGLang, DeepSeek, Mistral, Ollama, llama.cpp, LM Studio, LiteLLM
    r"context[ _-]?(?:length|window|size|limit)|contextwindow|contextlength|exceed_context"
    r"|context the overflows"
    # Anthropic, Bedrock, Ollama, Zhipu
    r"|(?:prompt|inputs?|messages|conversation)\b[^.]{0,60}\b(?:too long|exceeds? max)"
    r"|input is too large to process|physical batch size|kv cache"  # llama.cpp
    # Gemini, Cohere, AI21, Bedrock
    r"|input token count|too many (?:input |prompt )?tokens|number of tokens in the prompt"
    # TGI, Together
    r"|`?inputs`? tokens \+ `?max_new_tokens|`?inputs`? must have (?:less|fewer) than"
    # xAI, vLLM, TensorRT-LLM, TabbyAPI, DashScope, Moonshot, Groq
    r"|max(?:imum)? (?:model|prompt|input|sequence) len|max_(?:seq|input|model)_len"
    r"|range of input length|exceeded model token limit|reduce the length"
    r"|(?:prompt|input|request) (?:has|contains|with|of) [\d,]+ (?:input )?tokens"
    r"|exceeds? (?:the )?max(?:imum)?(?: allowed)? (?:number of )?(?:input |prompt )?tokens"
    r"|(?:tokens?|prompt) (?:limit|length) (?:was |is )?exceeded"
    r"|string_above_max_length|token limit exceeded",
    re.IGNORECASE,
)
_OF_OUTPUT = re.compile(
    r"(?:completion|output|new) tokens|max_(?:completion_)?tokens", re.IGNORECASE
)
_OF_INPUT = re.compile(r"context|input|prompt|messages", re.IGNORECASE)
_FILTER = re.compile(
    r"content[ _]filter|content management policy|responsible ai|content_policy|moderation_blocked",
    re.IGNORECASE,
)
_KEY = re.compile(
    # LiteLLM's proxy looks an unknown key up in its database, and may have none.
    r"no connected db|(?:invalid|incorrect|missing|no) (?:api[ _])key|api key not valid",
    re.IGNORECASE,
)
_MODEL = re.compile(
    r"model_not_found|invalid model|no such model|model does not exist|model .{1,80} not found",
    re.IGNORECASE,
)

OF_REQUEST = frozenset({400, 404, 413, 422})
"""Statuses that say that the request is wrong; the words say how."""

_CODES: Mapping[FailureClass, Sequence[str]] = {
    "rate_limit": (
        *("rate_limit_exceeded", "rate_limit_error", "rate_limited", "rate_limit"),
        *("too_many_requests", "insufficient_quota", "quota_exceeded", "resource_exhausted"),
        *("throttling", "throttlingexception", "service_tier_capacity_exceeded"),
        *("tokens", "requests", "ratelimiterror", "billing_error"),
    ),
    "overloaded": (
        *("server_error", "internal_server_error", "internal_error", "api_error", "internal"),
        *("overloaded_error", "overloaded", "engine_overloaded", "unavailable", "slow_down"),
        *("service_unavailable", "service_unavailable_error", "unavailable_error"),
        *("bad_gateway", "internalservererror", "aborted"),
    ),
    "authentication": (
        *("invalid_api_key", "authentication_error", "unauthenticated", "unauthorized"),
        *("authenticationerror", "invalid_authentication"),
    ),
    "permission": ("permission_error", "permission_denied", "forbidden", "permissiondeniederror"),
    "unknown_model": ("model_not_found", "not_found_error", "not_found", "notfounderror"),
    "context_too_long": (
        *("context_length_exceeded", "exceed_context_size_error", "string_above_max_length"),
        *("request_too_large", "contextwindowexceedederror", "context_window_exceeded"),
    ),
    "content_filter": (
        *("content_filter", "content_policy_violation", "contentfilterfinishreasonerror"),
    ),
    "timeout": ("timeout", "timeout_error", "deadline_exceeded", "request_timeout"),
    "bad_request": ("invalid_request_error", "invalid_argument", "bad_request", "badrequesterror"),
}
_BY_CODE: Mapping[str, FailureClass] = {
    code: kind for kind, codes in _CODES.items() for code in codes
}


def by_words(text: str) -> FailureClass | None:
    """Return what a message about a refused request means, where its words say so."""
    read = text[:READ_CHARACTERS]
    if _KEY.search(read):
        return "authentication"
    if CONTEXT.search(read) and not (_OF_OUTPUT.search(read) and not _OF_INPUT.search(read)):
        return "context_too_long"
    if _FILTER.search(read):
        return "content_filter"
    return "unknown_model" if _MODEL.search(read) else None


def by_codes(codes: Sequence[str]) -> FailureClass | None:
    """Return what the codes of an error mean, the most telling first."""
    vague: FailureClass | None = None
    for code in codes:
        kind = _BY_CODE.get(code.strip().lower())
        if kind is not None and kind not in ("bad_request", "overloaded"):
            return kind
        vague = vague or kind
    return vague
