"""What providers and local servers report, in the words and the places that they use."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import ConfigError
from pointsman.models.catalog.settings import EndpointSettings
from pointsman.models.failures.classes import FailureClass
from pointsman.models.failures.classify import classify
from pointsman.models.failures.resting import MAX_REST

REQUEST = httpx.Request("POST", "http://a.test/v1/chat/completions")


def refused(status: int, body: Any = None, **headers: str) -> Any:
    """What the SDK raises for an error status with a body."""
    response: Any = httpx.Response(status, request=REQUEST, headers=headers)
    inner = body.get("error", body) if isinstance(body, dict) else body
    return openai.APIStatusError(f"Error code: {status} - {body}", response=response, body=inner)


def event(body: Any) -> Any:
    """What the SDK raises for an error event in a stream of status 200."""
    message = body.get("message", "") if isinstance(body, dict) else "An error occurred"
    request: Any = REQUEST
    return openai.APIError(message, request=request, body=body)


TOO_LONG = {
    "OpenAI": "This model's maximum context length is 8192 tokens. However, your messages "
    "resulted in 9000 tokens. Please reduce the length of the messages.",
    "OpenAI 5": "Your input exceeds the context window of this model. Please adjust your input.",
    "Anthropic": "prompt is too long: 210000 tokens > 200000 maximum",
    "Anthropic 2": "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
    "Gemini": "The input token count (1200000) exceeds the maximum number of tokens allowed "
    "(1048576).",
    "Mistral": "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 "
    "maximum context length",
    "vLLM": "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    "vLLM 2": "'max_tokens' or 'max_completion_tokens' is too large: 4096. This model's maximum "
    "context length is 4096 tokens and your request has 900 input tokens",
    "SGLang": "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
    "TGI": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: "
    "5000 `inputs` tokens and 100 `max_new_tokens`",
    "TGI 2": "Input validation error: `inputs` must have less than 1024 tokens. Given: 2000",
    "llama.cpp": "the request exceeds the available context size, try increasing it",
    "llama.cpp 2": "input is too large to process. increase the physical batch size",
    "llama.cpp 3": "failed to find free space in the KV cache",
    "Ollama": "prompt too long; exceeded max context length by 812 tokens",
    "Ollama 2": "input length exceeds maximum context length",
    "Cohere": "too many tokens: total number of tokens in the prompt cannot exceed 4081",
    "Bedrock": "Input is too long for requested model.",
    "xAI": "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    "Moonshot": "Invalid request: Your request exceeded model token limit: 8192",
    "DashScope": "Range of input length should be [1, 30720]",
    "Groq": "Please reduce the length of the messages or completion.",
    "LM Studio": "Trying to keep the first 5000 tokens when context the overflows. However, the "
    "model is loaded with context length of only 4096 tokens",
    "TabbyAPI": "Prompt length 5000 is greater than max_seq_len 4096",
    "TensorRT-LLM": "Prompt length (5000) exceeds maximum input length (4096)",
    "LiteLLM": "litellm.ContextWindowExceededError: the prompt is bigger than the model",
}


@pytest.mark.parametrize("words", TOO_LONG.values(), ids=TOO_LONG)
def test_a_prompt_that_is_too_long_is_told_by_any_wording(words: str) -> None:
    """Refused, inside status 200, in a stream, or as an error of the server: it is too long."""
    body = {"message": words, "type": "server_error", "code": None}
    for error in (
        refused(400, {"error": body}),
        refused(500, {"error": {**body, "code": 500}}),
        ValueError({**body, "code": 400}),
        event(body),
    ):
        assert classify(error).kind == "context_too_long", error


WORDINGS = yaml.safe_load((Path(__file__).parent / "too_long.yaml").read_text(encoding="utf-8"))
"""More wordings, by who says so: of other versions, other fronts and other sizes."""


@pytest.mark.parametrize("words", [words for said in WORDINGS.values() for words in said])
def test_versions_and_fronts_word_it_differently(words: str) -> None:
    """As a refusal in any form of body, inside status 200, in a stream, or as a server's error."""
    body = {"message": words, "type": "invalid_request_error", "code": None}
    for error in (
        refused(400, {"error": body}),
        refused(400, {"message": words}),
        refused(400, words),
        refused(400, [{"error": {**body, "code": 400}}]),
        refused(422, {"detail": [{"msg": words}]}),
        refused(500, {"error": {**body, "code": 500}}),
        ValueError({**body, "code": 400}),
        event(body),
    ):
        assert classify(error).kind == "context_too_long", error


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (400, "max_tokens is too large: at most 4096 completion tokens", "bad_request"),
        (400, "messages.0: image exceeds 5 MB maximum", "bad_request"),
        (400, "Unsupported parameter: 'temperature'", "bad_request"),
        (429, "Request too large on tokens per min (TPM): Limit 30000", "rate_limit"),
        (500, "The server had an error while processing your request", "overloaded"),
        (404, 'model "llama9" not found, try pulling it first', "unknown_model"),
        (400, "Each stop sequence exceeds the maximum of 64", "bad_request"),
        (400, "Input image exceeds the maximum of 8000 pixels per side", "bad_request"),
        (400, "Invalid 'tools': the number of tools exceeds the limit of 128", "bad_request"),
        (400, "prompt_cache_key: string too long. Expected maximum length 64", "bad_request"),
        (400, "max_tokens: 300000 > 64000, the maximum number of output tokens", "bad_request"),
        (413, "Request too large on tokens per minute (TPM): Limit 6000", "context_too_long"),
        (429, "This request would exceed 30,000 input tokens per minute", "rate_limit"),
        (500, "The request exceeds 60 requests per minute", "overloaded"),
        (400, "API key not valid. Please pass a valid API key.", "authentication"),
    ],
)
def test_other_refusals_keep_their_class(status: int, words: str, kind: FailureClass) -> None:
    """Words about tokens, sizes and models that are not about the context are not taken for it."""
    assert classify(refused(status, {"error": {"message": words}})).kind == kind


OF_ELSE = (
    "Request too large: image exceeds 5 MB",
    "Too many requests",
    "Zu viele Anfragen. Bitte versuchen Sie es später erneut.",
    "max_tokens is too large: 9000. This model supports at most 4096 completion tokens",
    "Die Anfrage dauerte zu lange.",
    "The request took too long",
    "Das Bild ist zu groß",
    "Image too large",
    "The file is too large",
    "Your request took too long to process",
    "stop sequence is too long",
    "tool name is too long",
    "'tools' array too long. Expected maximum 128",
    "The model name is too long",
    "user field is too long",
    "Die Verbindung wurde zu lange nicht benutzt",
    "Zugriff verweigert",
    "Too many tokens per minute",
    "Trop de requêtes",
    "metadata value is too long",
    "La requête a pris trop de temps",
    "Insufficient quota: too many tokens used this month",
    "Das Kontingent ist überschritten",
    "Le quota est dépassé",
    "Rate limit überschritten",
    "schema is too large",
    "audio too long",
    "video is too long",
    "The image is too long",
    "The message says nothing",
    "function description too long",
    "temperature exceeds maximum 2",
    "n exceeds maximum",
    "top_logprobs must not exceed 20",
    "The number of images exceeds the limit",
    "Request header fields too large",
    "prompt_cache_key is too long",
)


@pytest.mark.parametrize("words", OF_ELSE)
def test_what_else_is_too_long_is_no_prompt(words: str) -> None:
    """Time, media, names and rates, in several languages: a larger model would not help."""
    for status in (400, 422, 500):
        error = refused(status, {"error": {"message": words}})
        assert classify(error).kind != "context_too_long"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"code": 429, "message": "Provider returned error"}, "rate_limit"),
        ({"code": "429", "message": "slow down"}, "rate_limit"),
        ({"code": 502, "message": "Bad gateway"}, "overloaded"),
        ({"code": 401, "message": "No auth"}, "authentication"),
        ({"code": 402, "message": "Insufficient credits"}, "rate_limit"),
        ({"code": 403, "message": "moderated"}, "permission"),
        ({"code": 408, "message": "timed out"}, "timeout"),
        ({"code": "rate_limit_exceeded", "type": "requests", "message": "x"}, "rate_limit"),
        ({"type": "overloaded_error", "message": "Overloaded"}, "overloaded"),
        ({"code": 503, "status": "UNAVAILABLE", "message": "high demand"}, "overloaded"),
        ({"status": "RESOURCE_EXHAUSTED", "message": "quota"}, "rate_limit"),
        ({"code": "model_not_found", "type": "invalid_request_error"}, "unknown_model"),
        ({"code": "context_length_exceeded", "message": "too big"}, "context_too_long"),
        ({"code": "content_filter", "message": "no"}, "content_filter"),
        ({"code": "invalid_api_key", "type": "invalid_request_error"}, "authentication"),
        ({"type": "server_error", "message": "x"}, "overloaded"),
        ({"type": "invalid_request_error", "message": "odd"}, "bad_request"),
        ("model 'x' not found", "unknown_model"),
    ],
    ids=str,
)
def test_an_error_inside_a_good_status_has_its_class(body: Any, kind: FailureClass) -> None:
    """The code counts, in the body of a reply and in an event of a stream alike."""
    assert classify(event(body)).kind == kind
    assert classify(ValueError({"error": body} if isinstance(body, str) else body)).kind == kind


def test_an_event_without_a_code_cuts_the_stream() -> None:
    """Where nothing says what it was, the reply had begun when the provider failed."""
    assert classify(event({"message": "upstream failed"})).kind == "cut_stream"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *(("7s", 7.0), ("7 s", 7.0), ("7", 7.0), ("0.5", 0.5), ("1m30s", 90.0), ("500ms", 0.5)),
        *(("2 seconds", 2.0), ("1h", 3600.0), ("1e9", MAX_REST), ("9999999999", MAX_REST)),
        *(("Thu, 01 Jan 1970 00:01:40 GMT", 60.0), ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0)),
        ("7 Sekunden", 7.0),
        *(("7000ms", 7.0), ("1 minute and 30 seconds", 90.0), ("PT7S", 7.0)),
        *(("7,7", 7.0), ("7, 9", 9.0), ("7s, 7s", 7.0), ("7, soon", 7.0), ('"7"', 7.0)),
        *(
            ("1m, 30s", 90.0),
            ("7,5 s", 7.5),
            ("1,000 ms", 1.0),
            ("500us", 0.0005),
            ("1 d", MAX_REST),
        ),
        *(("00:00:07", 7.0), ("00:01:30.5", 90.5), ("1:30", 90.0), ("1.00:00:00", MAX_REST)),
        *(("00:00:07, 00:00:09", 9.0), ("P0DT0H0M7S", 7.0), ("PT1M30.5S", 90.5), ("P", None)),
        *(("7 7", None), ("30s 1m", None), ("7;w=3", None), ("7.5.3", None), (",", None)),
        ("Thu, 01 Jan 1970 00:01:40 GMT, Thu, 01 Jan 1970 00:01:40 GMT", 60.0),
        *(("1970-01-01T00:01:40Z", 60.0), ("1970-01-01T02:01:40+02:00", 60.0)),
        *(
            ("soon", None),
            ("-3", None),
            ("nan", None),
            ("inf", None),
            ("", None),
            ("7 apples", None),
        ),
    ],
)
def test_a_header_may_say_how_long_in_any_form(value: str, seconds: float | None) -> None:
    """Units, dates and plain numbers are understood, and no clock rests an endpoint for ever."""
    assert classify(refused(429, **{"retry-after": value}), now=40.0).retry_after == seconds


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"message": "Rate limit reached. Please try again in 7s."}, 7.0),
        ({"message": "Please try again in 1m2.5s. Visit the console."}, 62.5),
        ({"message": "Please try again in 20ms."}, 0.02),
        ({"message": "Please retry after 7 seconds."}, 7.0),
        ({"message": "Retry in 6 seconds or contact us"}, 6.0),
        ({"message": "x", "retry_after": 7}, 7.0),
        ({"message": "x", "retry_after_ms": 1500}, 1.5),
        ({"message": "x", "metadata": {"headers": {"Retry-After": "7"}}}, 7.0),
        ({"message": "x", "details": [{"@type": "RetryInfo", "retryDelay": "34s"}]}, 34.0),
        ({"message": "x", "retryDelay": {"seconds": 12, "nanos": 0}}, 12.0),
        ({"message": "Please try again in 7000ms."}, 7.0),
        ({"message": "Please try again in 1m30s."}, 90.0),
        ({"message": "Please wait 1 minute and 30 seconds before retrying."}, 90.0),
        ({"message": "It would exceed your limit. Retry after 1970-01-01T00:00:07Z."}, 7.0),
        ({"message": "Too many requests; limit resets at 1970-01-01 00:00:07 UTC"}, 7.0),
        ({"message": "quota", "details": [{"retryDelay": "7.5s"}]}, 7.5),
        ({"message": "x", "retryDelay": {"seconds": "12", "nanos": 500000000}}, 12.5),
        ({"message": "x", "retry_after": "1970-01-01T00:00:07Z"}, 7.0),
        ({"message": "x", "resets_in_seconds": 12}, 12.0),
        ({"message": "x", "retryAfterSeconds": 12}, 12.0),
        ({"message": "x", "cooldown_seconds": 12}, 12.0),
        ({"message": "Model is loading", "estimated_time": 20.5}, 20.5),
        ({"message": "x", "retry_after": "00:00:07"}, 7.0),
        ({"message": "Bitte versuchen Sie es in 7 Sekunden erneut."}, 7.0),
        ({"message": "Warten Sie 2 Minuten."}, 120.0),
        ({"message": "Veuillez réessayer dans 7 secondes."}, 7.0),
        ({"message": "Inténtelo de nuevo en 7 segundos."}, 7.0),
        ({"message": "Model m is currently loading", "estimated_time": 20.5}, 20.5),
        ({"message": "x", "retry_after": "7,7"}, 7.0),
        ({"message": "x", "retryAfter": "00:00:07"}, 7.0),
        ({"message": "Too many requests. Retry after 00:00:07."}, 7.0),
        ({"message": "Please wait 7,5 seconds"}, 7.5),
        ({"message": "x", "wait_time": 7}, 7.0),
        ({"message": "x", "retry_after_milliseconds": 7000}, 7.0),
        ({"message": "x", "retryAfterInMinutes": 2}, 120.0),
        ({"message": "x", "secondsUntilReset": 7}, 7.0),
        ({"message": "x", "details": [{"metadata": {"quotaResetDelay": "7.5s"}}]}, 7.5),
        ({"message": "x", "metadata": {"raw": '{"error": {"retry_after": 7}}'}}, 7.0),
        ({"message": "x", "metadata": {"raw": '{"error": {"retry_after":'}}, None),
        ({"message": "x", "retry_count": 3, "max_retries": 5, "reset": False}, None),
        ({"message": "Try again later."}, None),
        ({"message": "You may try again 3 times."}, None),
    ],
    ids=str,
)
def test_the_body_may_say_how_long(body: dict[str, Any], seconds: float | None) -> None:
    """Where there is no header, the words or fields of the body count, in every place."""
    for error in (refused(429, {"error": body}), event({**body, "code": 429})):
        assert classify(error).retry_after == seconds, error


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-reset-requests": "7s"}, 7.0),
        ({"x-ratelimit-reset-tokens": "1m30s"}, 90.0),
        ({"x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-reset": "7"}, 7.0),
        ({"ratelimit-reset": "7"}, 7.0),
        ({"x-ratelimit-reset": "1700000007"}, 7.0),
        ({"x-ratelimit-reset": "1700000007000"}, 7.0),
        ({"anthropic-ratelimit-tokens-reset": "2023-11-14T22:13:27Z"}, 7.0),
        ({"llm_provider-x-ratelimit-reset-requests": "7s"}, 7.0),
        ({"x-ratelimit-reset-requests": "7s", "x-ratelimit-reset-tokens": "6m0s"}, 7.0),
        (
            {
                "x-ratelimit-reset-requests": "7s",
                "x-ratelimit-remaining-requests": "12",
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-tokens": "0",
            },
            360.0,
        ),
        ({"x-ratelimit-reset-requests": "7s", "retry-after": "2"}, 2.0),
        ({"x-ratelimit-reset-requests": "soon"}, None),
        ({"ratelimit": "limit=9, remaining=0, reset=7"}, 7.0),
        ({"ratelimit": '"hour";r=9;t=900, "second";r=0;t=7'}, 7.0),
        ({"ratelimit": '"default";r=0;t=30'}, 30.0),
        ({"ratelimit": '"burst";r=3;t=5, "day";r=0;t=60'}, 60.0),
        ({"ratelimit": "limit=100, remaining=0, reset=30"}, 30.0),
        ({"x-rate-limit-reset": "7"}, 7.0),
    ],
    ids=str,
)
def test_a_limit_says_when_it_is_reset(headers: dict[str, str], seconds: float | None) -> None:
    """The limit that is used up counts; what says outright when to come back wins."""
    assert classify(refused(429, **headers), now=1_700_000_000.0).retry_after == seconds
    if "retry-after" not in headers:
        # Providers send these with every reply: elsewhere they tell nothing about the error.
        assert classify(refused(400, **headers), now=1_700_000_000.0).retry_after is None


def test_the_words_are_nearer_than_the_reset_of_a_limit() -> None:
    """All of a limit is back later than enough of it."""
    error = refused(
        429, {"error": {"message": "Try again in 3s."}}, **{"x-ratelimit-reset-tokens": "6m0s"}
    )
    assert classify(error).retry_after == 3.0


def test_milliseconds_have_headers_of_their_own() -> None:
    """They win over whole seconds."""
    both = {"retry-after-ms": "1500", "retry-after": "2"}
    assert classify(refused(429, **both)).retry_after == 1.5
    assert classify(refused(429, **{"x-ms-retry-after-ms": "250"})).retry_after == 0.25


@given(st.text(), st.recursive(st.none() | st.text() | st.integers() | st.floats(), st.lists))
def test_no_report_is_too_odd_to_be_read(words: str, value: Any) -> None:
    """Whatever a provider says, it has a class, and its rest is bounded."""
    for error in (
        refused(429, {"error": {"message": words, "retry_after": value}}),
        event({"message": words, "code": value}),
        ValueError({"message": value}),
    ):
        failure = classify(error, now=40.0)
        assert failure.retry_after is None or 0 <= failure.retry_after <= MAX_REST


@pytest.mark.parametrize(
    "words",
    [
        "try again in " * 80_000,
        "prompt " * 140_000,
        "1" * 1_000_000,
        "retry 1 and " * 80_000,
        "prompt exceeds " * 60_000,
    ],
)
def test_a_long_message_is_read_quickly(words: str) -> None:
    """A megabyte of an error's text does not hold everybody up."""
    error = refused(400, {"error": {"message": words}})
    started = time.thread_time()
    classify(error)
    classify(event({"message": words}))
    assert time.thread_time() - started < 0.5


@pytest.mark.parametrize("secret", ["sk-secret-1\n", "sk-secret-1\r\n", " sk-secret-1", "sk-\x00"])
@pytest.mark.parametrize("where", ["api_key_env", "headers_env", "api_key"])
def test_a_key_that_no_header_can_carry_is_an_error_that_says_so(
    secret: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says what is wrong with the key and never shows it."""
    if "\x00" not in secret:
        monkeypatch.setenv("GATEWAY_KEY", secret)
    elif where != "api_key":
        return
    given: dict[str, Any] = {
        "api_key_env": {"api_key_env": "GATEWAY_KEY"},
        "headers_env": {"headers_env": {"x-key": "GATEWAY_KEY"}},
        "api_key": {"api_key": secret},
    }[where]
    endpoint = EndpointSettings(base_url="http://a.test/v1", **given)

    with pytest.raises(ConfigError, match=r"line end|space|control") as caught:
        _ = (endpoint.all_headers("a"), endpoint.key("a"))

    assert "secret" not in str(caught.value)
    assert "\n" not in json.dumps(str(caught.value).splitlines()[0])
