"""Whether a reply can be used: finished, past the guards, in the schema."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ...state.values import Json, JsonObject
from ..failures.classes import RejectedReplyError
from .attempt import Accepted
from .calls import CUT_REASONS, FILTER_REASONS, Prompt, RawReply
from .guards import check_reply, checks_of
from .structured import read_json, schema_name
from .thinking import without_thinking


def judge(raw: RawReply, prompt: Prompt, guards: Sequence[str]) -> Accepted:
    """Turn a raw reply into an accepted one.

    Raises:
        RejectedReplyError: It was refused, filtered, cut off, empty or malformed; says how.
    """
    _finished(raw)
    check_reply(raw.text, guards)
    if prompt.schema is not None:
        return _structured(raw, prompt.schema, strict=any(c.strict for c in checks_of(guards)))
    if raw.calls:
        names = ", ".join(call["name"] for call in raw.calls)
        raise RejectedReplyError(
            "malformed_output", f"no function was offered, called: {names}", reply=raw.text
        )
    text = without_thinking(raw.text)
    if not text.strip():
        raise RejectedReplyError("malformed_output", "the reply is empty", reply=raw.text)
    return Accepted(text=text)


def _finished(raw: RawReply) -> None:
    if raw.refusal:
        raise RejectedReplyError("refusal", f"the model refused: {raw.refusal[:200]}")
    if raw.finish in FILTER_REASONS:
        raise RejectedReplyError("content_filter", "the provider filtered the reply")
    if raw.finish in CUT_REASONS:
        raise RejectedReplyError("output_limit", "the reply was cut off at the output limit")


def _structured(raw: RawReply, schema: JsonObject, *, strict: bool) -> Accepted:
    name = schema_name(schema)
    answers = [_as_text(call["args"]) for call in raw.calls if call["name"] == name]
    # Several calls of the reply's own function are read like several values in one text.
    text = "\n".join(answers) if answers else raw.text
    if not text.strip():
        raise RejectedReplyError("malformed_output", "the reply is empty")
    return Accepted(text=raw.text, data=read_json(text, schema, strict=strict))


def _as_text(args: Json) -> str:
    return args if isinstance(args, str) else json.dumps(args, ensure_ascii=False)
