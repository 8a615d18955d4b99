"""Stated: an error that stands where a reply should, under status 200 or in a stream.

OpenAI's form is known to its client library. Servers, gateways and vendors have others; a reply
that holds no choice, and says something, is such an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...state.json_text import json_in
from ...state.values import Json, JsonObject

MOST_BYTES = 65_536
"""Bytes of a reply beyond which it is no error."""
ENDED_BY_ERROR = "error"
"""The reason for a reply's end that says that the provider failed on the way."""

_CODES = ("code", "type", "status", "status_code", "statusCode", "http_code", "error_code")
_WORDS = ("message", "msg", "detail", "error_msg", "status_msg", "error_description", "title")
_HOLDERS = ("error", "errors", "base_resp", "detail")
_DEPTH = 3


class StatedError(Exception):
    """A provider's error in the place of a reply, or of its end.

    Args:
        body: `{"error": {"code", "message", …}}`, beside what else the provider sent.
    """

    def __init__(self, body: JsonObject) -> None:
        super().__init__(str(body["error"].get("message") or body["error"]))
        self.body = body


def stated_in(received: bytes) -> JsonObject | None:
    """Return the error that a body or a stream holds in the place of a reply, in one form."""
    return next((found for part in _parts(received) if (found := _error(part))), None)


def _parts(received: bytes) -> Iterator[Json]:
    """Yield the values of a reply: one document, or the events of a stream."""
    if not received or len(received) > MOST_BYTES:
        return
    text = received.decode("utf-8", "replace")
    events = [line[5:] for line in text.splitlines() if line.startswith("data:")]
    for part in events or [text]:
        try:
            yield json_in(part)
        except ValueError:
            continue


def _error(part: Json) -> JsonObject | None:
    if isinstance(part, list) and part:
        part = part[0]
    if not isinstance(part, dict):
        return None
    choices = part.get("choices")
    if not choices:
        said = _said(part, _DEPTH)
        return {**part, "error": said} if said else None
    if isinstance(choices, list) and isinstance(choices[0], dict):
        choice = choices[0]
        said = _said(choice.get("error"), _DEPTH)
        if said or choice.get("finish_reason") == ENDED_BY_ERROR:
            return {"error": said or {"message": "the provider failed before the reply ended"}}
    return None


def _said(value: Any, depth: int) -> JsonObject:
    """Return codes and words of an error, whatever the fields are called."""
    if isinstance(value, str):
        return {"message": value} if value.strip() else {}
    if isinstance(value, list):
        return next((said for one in value[:5] if (said := _said(one, depth - 1))), {})
    if not isinstance(value, Mapping) or depth == 0:
        return {}
    found: JsonObject = {}
    codes = [value[name] for name in _CODES if _is_code(value.get(name))]
    if codes:
        found["code"] = codes[0]
        found |= {"type": codes[1]} if len(codes) > 1 else {}
    words = [word for name in _WORDS if isinstance(word := value.get(name), str) and word.strip()]
    if words:
        found["message"] = " ".join(words)
    if "message" not in found or "code" not in found:
        inner = (_said(value[name], depth - 1) for name in _HOLDERS if value.get(name))
        found = {**next((said for said in inner if said), {}), **found}
    # A code alone says nothing that is an error: a reply may carry its success in one.
    return found if "message" in found else {}


def _is_code(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return isinstance(value, int) and not isinstance(value, bool) and value != 0
