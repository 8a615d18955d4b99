"""What providers and local servers say when something is wrong, and what they mean by it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .classes import FailureClass

READ_CHARACTERS = 4_000
"""How much of a message is looked at."""

_CONTEXT = re.compile(
    # OpenAI, Azure, vLLM, SGLang, DeepSeek, Mistral, Ollama, llama.cpp, LM Studio, LiteLLM
    r"context[ _-]?(?:length|window|size|limit)|contextwindow|contextlength|exceed_context"
    r"|context the overflows"
    # Anthropic, Bedrock, Ollama, Zhipu
    r"|(?:prompt|inputs?|messages|conversation)\b[^.]{0,60}\b(?:too long|exceeds? max)"
    r"|(?:messages|inputs?|prompt)\b\S{0,40}\s?string too long"
    r"|long context beta|request (?:entity|payload) too large"
    # llama.cpp, LM Studio
    r"|input is too large to process|physical batch size|kv cache|memory slot for batch|\bn_ctx\b"
    r"|context (?:shift|overflow)"
    # Gemini, Cohere, AI21, Bedrock
    r"|input token count|too many (?:input |prompt )?tokens|number of tokens in the prompt"
    # TGI, Together
    r"|`?inputs`? tokens \+ `?max_new_tokens|`?inputs`? must have (?:less|fewer) than"
    # xAI, vLLM, TensorRT-LLM, TabbyAPI, DashScope, Moonshot, Groq
    r"|max(?:imum)? (?:supported |allowed )?(?:model|prompt|input|sequence) (?:len|char)"
    r"|max_(?:seq|input|model)_len|max_tokens must be at least 1, got -\d"
    r"|range of input length|exceeded model token limit|reduce the length"
    r"|reduce (?:your|the) (?:prompt|input|messages)|current length is \d+ while limit"
    r"|expected maxLength|text fields that are too large"
    r"|(?:prompt|input|request) (?:has|contains|with|of) [\d,]+ (?:input )?tokens"
    r"|exceeds? (?:the )?max(?:imum)?(?: allowed)? (?:number of )?(?:input |prompt )?tokens"
    r"|(?:tokens?|prompt) (?:limit|length) (?:was |is )?exceeded"
    r"|string_above_max_length|token limit exceeded"
    # Perplexity, Moonshot, TensorRT-LLM, transformers, gateways of firms
    r"|\b(?:message|request) [^.]{0,40}\btoo long|model context|context full"
    r"|max[ _](?:message|num|position)[ _](?:tokens|embeddings)|max_length is set to"
    r"|supports? (?:prompts?|inputs?) up to|more than max tokens|message length exceeds"
    r"|\b(?:prompt|input)(?:'s|s)? token(?:s must be| count)|at most [\d,]+ tokens, got",
    re.IGNORECASE,
)
_LARGER = re.compile(
    # What grows and what it exceeds, in any provider's order of words.
    r"\b(?:prompts?|inputs?|messages|conversation|request|tokens)\b[^.]{0,80}"
    r"\b(?:exceeds?|exceeded|not exceed|longer than|larger than|greater than)\b[^.]{0,60}"
    r"(?:\blimit|\bmax|\bmodel|\bcontext|\btokens?\b|\d{3})",
    re.IGNORECASE,
)
_OF_MEDIA = re.compile(
    r"\b(?:images?|audio|video|files?|pdf|attachments?|pixels?|pages?|tools?|schema|[kmg]i?b)\b"
    r"|\bnumber of (?:messages|requests|inputs)\b",
    re.IGNORECASE,
)
_OF_RATE = re.compile(
    r"\bper[ -](?:min|hour|day|sec)|\b[TR]P[MD]\b|rate limit|quota", re.IGNORECASE
)
_LIMITED = re.compile(
    r"rate[ _-]?limit|too many requests|throttl|(?:request|quota|qps|usage)s? (?:rate )?limit"
    r"|quota|insufficient (?:balance|credits?|funds|quota)|arrearage|\b[TR]P[MD]\b",
    re.IGNORECASE,
)
_OF_OUTPUT = re.compile(
    r"(?:completion|output|new) tokens|max_(?:completion_)?tokens", re.IGNORECASE
)
_OF_INPUT = re.compile(r"context|input|prompt|messages|got -\d", re.IGNORECASE)
_FILTER = re.compile(
    r"content[ _]filter|content management policy|responsible ai|content_policy|moderation_blocked",
    re.IGNORECASE,
)
_KEY = re.compile(
    # LiteLLM's proxy looks an unknown key up in its database, and may have none.
    r"no connected db|(?:invalid|incorrect|missing|no) (?:api[ _])key|api key not valid"
    r"|authentication (?:error|fail)|\bunauthori[sz]ed\b",
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
        *("authenticationerror", "invalid_authentication", "invalidapikey"),
    ),
    "permission": ("permission_error", "permission_denied", "forbidden", "permissiondeniederror"),
    "unknown_model": ("model_not_found", "not_found_error", "not_found", "notfounderror"),
    "context_too_long": (
        *("context_length_exceeded", "exceed_context_size_error", "string_above_max_length"),
        *("request_too_large", "contextwindowexceedederror", "context_window_exceeded"),
    ),
    "content_filter": (
        *("content_filter", "content_policy_violation", "contentfilterfinishreasonerror"),
        *("datainspectionfailed", "data_inspection_failed"),
    ),
    "timeout": ("timeout", "timeout_error", "deadline_exceeded", "request_timeout"),
    "bad_request": ("invalid_request_error", "invalid_argument", "bad_request", "badrequesterror"),
}
_BY_CODE: Mapping[str, FailureClass] = {
    code: kind for kind, codes in _CODES.items() for code in codes
}


def is_too_long(text: str) -> bool:
    """Say whether a message means that the prompt does not fit the model."""
    read = text[:READ_CHARACTERS]
    if _OF_OUTPUT.search(read) and not _OF_INPUT.search(read):
        return False
    if _CONTEXT.search(read):
        return not _OF_RATE.search(read)
    return bool(_LARGER.search(read)) and not (_OF_MEDIA.search(read) or _OF_RATE.search(read))


def by_words(text: str) -> FailureClass | None:
    """Return what a message about a refused request means, where its words say so."""
    read = text[:READ_CHARACTERS]
    if _KEY.search(read):
        return "authentication"
    if is_too_long(read):
        return "context_too_long"
    if _FILTER.search(read):
        return "content_filter"
    return "unknown_model" if _MODEL.search(read) else None


def by_words_of_load(text: str) -> FailureClass | None:
    """Return whether an error that has neither status nor code that we know speaks of a limit."""
    return "rate_limit" if _LIMITED.search(text[:READ_CHARACTERS]) else None


def by_codes(codes: Sequence[str]) -> FailureClass | None:
    """Return what the codes of an error mean, the most telling first."""
    vague: FailureClass | None = None
    for code in codes:
        # `Throttling.RateQuota`: the first part is the kind.
        whole = code.strip().lower()
        kind = _BY_CODE.get(whole) or _BY_CODE.get(whole.partition(".")[0])
        if kind is not None and kind not in ("bad_request", "overloaded"):
            return kind
        vague = vague or kind
    return vague
