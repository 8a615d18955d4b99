"""JSON in what a model said: which values there are, held to what JSON allows.

JSON has no NaN and no infinity, and a key that stands twice has no meaning that two readers share.
Such a value is malformed, also where Python's reader or a repair would take it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from json_repair import repair_json

from ...state.values import Json, is_carried
from .thinking import MARK, ends_thinking

MAX_REPAIR = 16_384
"""Characters up to which almost-JSON is repaired; the repair takes quadratic time."""
MAX_VALUES = 64
"""Bracketed places of a reply that are looked at; more of them are no answer."""

_ASIDE = (
    r"(?P<aside><(?P<tag>analysis|cot|rationale|reason|deliberation|draft|critique|scratch_pad|"
    r"notes?|examples?)\s*>|\[(?P<bracketed>THINKING|REASONING|THOUGHTS?)\]|<!--"
    r"|```(?:think|thinking|thoughts?|reasoning|scratchpad|draft)(?=\s))"
)
"""What also sets apart what is not the answer, around JSON alone: in prose it may be the answer."""
_OPENING = re.compile(rf"(?:{MARK.pattern})|{_ASIDE}|(?P<value>[{{\[])", re.IGNORECASE)
_PARTS = re.compile(
    # Possessive, so that a string that does not end is not tried again from its middle.
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+("|\\?\Z)|[{\[]+|[}\]]+',
    re.DOTALL,
)
"""A string, closed or not, and runs of brackets."""
_FENCE = re.compile(r"```[\w-]*[ \t]*\n(.*)```", re.DOTALL)
_WORDS = re.compile(
    # A quote that is escaped opens nothing; else each of many would be tried up to the end.
    r"""(?P<text>(?<!\\)"(?:[^"\\]|\\.)*"|(?<!\\)'(?:[^'\\]|\\.)*')(?P<of_text>\s*:)?"""
    r"""|(?P<word>[A-Za-z_][\w-]*)(?P<of_word>\s*:)?""",
    re.DOTALL,
)
_LONG_NUMBER = re.compile(r"[0-9]{19}")
_NO_NUMBER = frozenset({"nan", "infinity", "inf"})


class NoJsonInReplyError(ValueError):
    """A text is not JSON; the message is fit to be quoted to the model."""


class ForbiddenValueError(NoJsonInReplyError):
    """It has JSON's form and holds what JSON does not allow; no repair can know what was meant."""


def strict_json(text: str) -> Json:
    """Read JSON as the standard has it.

    Raises:
        ForbiddenValueError: It holds NaN, an infinity, a number beyond every range, or a key twice.
        NoJsonInReplyError: It is no JSON.
    """
    try:
        return json.loads(
            text,
            parse_constant=_refuse,
            parse_float=_finite,
            # Called for each number, so only where one may be too long.
            parse_int=_whole if _LONG_NUMBER.search(text) else None,
            object_pairs_hook=_once,
        )
    except NoJsonInReplyError:
        raise
    except json.JSONDecodeError as error:
        raise NoJsonInReplyError(f"not valid JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise NoJsonInReplyError("not valid JSON: it is nested too deeply") from None
    except ValueError as error:  # an integer of thousands of digits
        raise ForbiddenValueError(f"not valid JSON: {error}") from None


def spoken_json(text: str, *, strict: bool = False) -> Json:
    """Return the one JSON value of a reply, thinking left out.

    Args:
        text: What the model said.
        strict: Take the reply only if it is valid as it stands; else prose and code fences around
            the value are left out, and almost-JSON is repaired.

    Raises:
        NoJsonInReplyError: There is none, there are several, or it was cut off.
    """
    spoken, spans = _spoken(text)
    whole = spoken.strip()
    try:
        return strict_json(whole)
    except ForbiddenValueError:
        raise
    except NoJsonInReplyError as error:
        if strict:
            raise
        problem = error
    fence = _FENCE.fullmatch(whole)
    if fence is not None and not spans:
        return strict_json(fence[1])
    values = [_read(span) for span in spans if _is_meant(span)]
    if not values:
        raise problem
    if any(value != values[0] for value in values[1:]):
        raise NoJsonInReplyError(
            f"the reply holds {len(values)} JSON values that differ; give one and nothing else"
        )
    return values[0]


def is_cut(text: str) -> bool:
    """Say whether JSON-like text ends inside a string, list or object."""
    return _end(text, 0) is None


def _spoken(text: str) -> tuple[str, list[str]]:
    """Return what is no thinking, and the spans in it that have the form of a JSON value."""
    kept: list[str] = []
    spans: list[str] = []
    asides = _Asides(text)
    begun, position, since = 0, 0, 0
    while found := _OPENING.search(text, position):
        position = found.end()
        if found["aside"] is not None:
            if not begun and (end := asides.end(found)) is not None:
                kept.append(text[since : found.start()])
                position = since = end
        elif found["value"] is None:
            if not begun:
                kept.append(text[since : found.start()])
            if not ends_thinking(found):
                begun += 1
            elif begun:
                begun -= 1
            else:  # the beginning stood in the prompt: all so far was thinking
                kept.clear()
                spans.clear()
            since = position
        elif not begun:
            if len(spans) >= MAX_VALUES:
                raise NoJsonInReplyError(
                    "the reply holds too many brackets to find one JSON value in it"
                )
            end = _end(text, found.start())
            spans.append(text[found.start() : end])
            position = len(text) if end is None else end
    if not begun:
        kept.append(text[since:])
    return "".join(kept), spans


class _Asides:
    """Finds where what is set apart ends. What never does is not set apart."""

    def __init__(self, text: str) -> None:
        self._text = text.lower() if len(text.lower()) == len(text) else text
        self._unclosed: set[str] = set()

    def end(self, found: re.Match[str]) -> int | None:
        end = "-->" if found["aside"].startswith("<") else "```"
        if tag := found["tag"]:
            end = f"</{tag.lower()}>"
        elif bracketed := found["bracketed"]:
            end = f"[/{bracketed.lower()}]"
        if end in self._unclosed:
            return None
        at = self._text.find(end, found.end())
        if at < 0:
            # Each of many would be looked for up to the end again.
            self._unclosed.add(end)
            return None
        return at + len(end)


def _end(text: str, start: int) -> int | None:
    """Return where the value that begins at or after `start` ends; `None` if it does not."""
    depth = 0
    for found in _PARTS.finditer(text, start):
        part, closing = found[0], found[1]
        if closing is not None:
            if not closing.endswith('"'):
                return None
        elif part[0] in "{[":
            depth += len(part)
        elif 0 < depth <= len(part):
            return found.start() + depth
        else:
            depth -= len(part)
    return None if depth > 0 else len(text)


def _is_meant(span: str) -> bool:
    """Tell a value from brackets in prose, such as `[sic]` or the text of a link."""
    if span.startswith("{"):
        return True
    try:
        strict_json(span)
    except ForbiddenValueError:
        return True
    except NoJsonInReplyError:
        return any(sign in span for sign in "\"'{:,")
    return True


def _read(span: str) -> Json:
    try:
        return strict_json(span)
    except ForbiddenValueError:
        raise
    except NoJsonInReplyError as error:
        if is_cut(span) or len(span) > MAX_REPAIR or not _repairable(span):
            # A repair would complete a cut reply by dropping what is missing.
            raise
        problem = error
    try:
        repaired: Any = strict_json(str(repair_json(span)))
    except (NoJsonInReplyError, RecursionError):
        raise problem from None
    if not isinstance(repaired, dict | list) or not repaired:
        raise problem
    if _count_keys(repaired) != sum(1 for _ in _keys(span)):
        raise ForbiddenValueError("not valid JSON: a key stands twice in one object")
    return repaired


def _repairable(span: str) -> bool:
    return not any(
        word["word"] is not None and word["word"].lower() in _NO_NUMBER
        for word in _WORDS.finditer(span)
    )


def _keys(span: str) -> Iterator[str]:
    for word in _WORDS.finditer(span):
        if word["of_text"] or word["of_word"]:
            yield word[0]


def _count_keys(value: Json) -> int:
    if isinstance(value, dict):
        return len(value) + sum(_count_keys(part) for part in value.values())
    return sum(_count_keys(part) for part in value) if isinstance(value, list) else 0


def _refuse(name: str) -> Json:
    raise ForbiddenValueError(f"not valid JSON: {name} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ForbiddenValueError(f"not valid JSON: {digits[:40]} is beyond the range of numbers")
    return number


def _whole(digits: str) -> int:
    number = int(digits)
    if not is_carried(number):
        raise ForbiddenValueError(
            f"not valid JSON: {digits[:40]} is beyond 64 bits; give it as text if it is meant"
        )
    return number


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise ForbiddenValueError(
            f"not valid JSON: the key {twice[:60]!r} stands twice in one object"
        )
    return found
