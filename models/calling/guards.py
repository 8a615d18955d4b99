"""Guards of the routing table: small pure checks on what goes in and what comes out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import BaseMessage

from ...state.signatures import SIGNATURES, UNCERTAIN, sniffed_type
from ..catalog.routes import Guard
from ..failures.classes import RejectedReplyError
from .tokens import TEXT_BLOCKS, media_bytes

MAX_MEDIA_BYTES = 20 * 1024 * 1024

TEMPLATE_MARKS = re.compile(
    r"<\|(?:im_start|im_end|eot_id|endoftext|start_header_id)\|>|\[/?INST\]"
)
"""Pieces of a chat template: the model went on past the end of its turn."""

CREDENTIALS = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|\bsk-[A-Za-z0-9_-]{20,}|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[abprs]-[A-Za-z0-9-]{10,}"
)
ACTIVE_CONTENT = re.compile(r"<script\b|\bjavascript:|\bon(?:error|load|click)\s*=", re.IGNORECASE)

_CHECKED = {media_type for *_, media_type in SIGNATURES} - UNCERTAIN


@dataclass(frozen=True, kw_only=True)
class GuardChecks:
    """What one guard checks; what it leaves out it lets pass."""

    prompt: Callable[[Sequence[BaseMessage]], str] | None = None
    """Returns what is wrong with a prompt; empty if nothing is."""
    reply: Callable[[str], None] | None = None
    """Raises `RejectedReplyError` for a reply that cannot be used."""
    strict: bool = False
    """Whether a value must keep to its schema to the letter."""


def checks_of(guards: Sequence[str]) -> list[GuardChecks]:
    """Return the checks of a row's guards."""
    return [checks for name, checks in GUARDS.items() if name in guards]


def check_reply(text: str, guards: Sequence[str]) -> None:
    """Apply the guards of the matching row to a reply.

    Raises:
        RejectedReplyError: `malformed_output` for what a re-ask may mend, else `content_filter`.
    """
    for checks in checks_of(guards):
        if checks.reply is not None:
            checks.reply(text)


def prompt_problem(messages: Sequence[BaseMessage], guards: Sequence[str]) -> str:
    """Return what the guards of the matching row find wrong with a prompt; empty if nothing."""
    found = (checks.prompt(messages) for checks in checks_of(guards) if checks.prompt is not None)
    return next((problem for problem in found if problem), "")


def _check_form(text: str) -> None:
    if TEMPLATE_MARKS.search(text):
        raise RejectedReplyError(
            "malformed_output", "the reply holds marks of a chat template", reply=text
        )
    if any(ord(c) < 32 and c not in "\n\r\t" for c in text):
        raise RejectedReplyError(
            "malformed_output", "the reply holds control characters", reply=text
        )


def _check_safety(text: str) -> None:
    for pattern, what in ((CREDENTIALS, "a credential"), (ACTIVE_CONTENT, "active content")):
        if pattern.search(text):
            raise RejectedReplyError("content_filter", f"the reply holds {what}")


def media_problem(messages: Sequence[BaseMessage]) -> str:
    """Return what is wrong with the media of a prompt; empty if nothing is."""
    number = 0
    for message in messages:
        for block in message.content if isinstance(message.content, list) else ():
            if isinstance(block, str) or block.get("type") in TEXT_BLOCKS:
                continue
            number += 1
            problem = _block_problem(block)
            if problem:
                return f"media {number}: {problem}"
    return ""


def _block_problem(block: Mapping[str, Any]) -> str:
    try:
        data = media_bytes(block)
    except ValueError:
        return "its data is not base64"
    if data is None:
        return ""
    if not data:
        return "is empty"
    if len(data) > MAX_MEDIA_BYTES:
        return f"has {len(data)} bytes, more than {MAX_MEDIA_BYTES}"
    declared = declared_type(block)
    found = sniffed_type(data)
    if declared in _CHECKED and found != declared:
        return f"is declared {declared} and is not"
    return ""


def declared_type(block: Mapping[str, Any]) -> str:
    """Return the media type that a block declares, or an empty string."""
    explicit = block.get("mime_type") or block.get("media_type")
    if explicit:
        return str(explicit).replace("audio/x-wav", "audio/wav")
    url = block.get("image_url")
    address = url.get("url", "") if isinstance(url, Mapping) else (url or "")
    return address[5:].partition(";")[0] if str(address).startswith("data:") else ""


GUARDS: dict[Guard, GuardChecks] = {
    "strict_output": GuardChecks(reply=_check_form, strict=True),
    "basic_safety": GuardChecks(reply=_check_safety),
    "media_validation": GuardChecks(prompt=media_problem),
}
"""Each guard that a row of the routing table can ask for."""
