"""What providers and local servers say when something is wrong, and what they mean by it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .classes import FailureClass
from .too_long import READ_CHARACTERS, is_too_long

_LIMITED = re.compile(
    r"rate[ _-]?limit|too many requests|throttl|(?:request|quota|qps|usage)s? (?:rate )?limit"
    r"|quota|insufficient (?:balance|credits?|funds|quota)|arrearage|\b[TR]P[MD]\b",
    re.IGNORECASE,
)
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
