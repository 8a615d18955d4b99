"""Sentences of a prepared answer as a model may write them, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import NamedTuple

from ..errors import ExpressionError, PlanError
from ..state.expressions.reading import reads
from ..state.values import Json, JsonObject
from .named_values import NO_VALUES, Values, cited, read_in
from .references_in_short import spelt_out
from .step_lines import is_f_string

_PLAIN_QUOTES = ("'", '"', "'''", '"""')
_IN_BRACES = re.compile(r"\{([^{}]*)")
_NAME = re.compile(r"\w+")


def sentences_in_full(
    answer: Json, values: Values = NO_VALUES, steps: Collection[str] = ()
) -> list[JsonObject]:
    """Write a prepared answer in full; a sentence without `cites` rests on the steps it reads.

    Args:
        answer: Sentences as a model wrote them.
        values: What names of values stand for.
        steps: Names of steps that the answer may read.

    Raises:
        PlanError: A sentence cannot be read.
    """
    given = answer if isinstance(answer, list) else [answer]
    written = [_sentence(spelt_out(item), {*values, *steps}) for item in given]
    return [_with_values(item, values) for item in written if item["text"]]


def _with_values(sentence: JsonObject, values: Values) -> JsonObject:
    sentence = {**sentence, "text": read_in(sentence["text"], values)}
    if isinstance(names := sentence.get("cites"), list):
        sentence["cites"] = cited(names, values)
    return sentence


def _sentence(item: Json, known: Collection[str]) -> JsonObject:
    match item:
        case str(text):
            return {"text": _told(text, known)}
        case {"text": str(text)}:
            return {**item, "text": _told(text, known)}
        case {"text": _}:
            return item
        case dict() if not any(name.startswith("$") for name in item):
            raise PlanError(
                "A sentence has no text.",
                where="answer",
                fix='Write {"text": …, "cites": […]}, or {"$expr": …}.',
            )
        case _:
            return {"text": item}


def _told(text: str, known: Collection[str]) -> Json:
    """Return a text, or the expression that it is: with values in braces, or an f-string.

    Where no step can be read, braces are the reply's own words.
    """
    if is_f_string(text):
        return {"$expr": text}
    if text[:2] in ("f'", 'f"') and text[1:].endswith(text[1]):
        raise _unreadable(text)
    if not known or "{" not in text:
        return text
    source = _as_f_string(text)
    if source is not None and is_f_string(source):
        with suppress(ExpressionError):
            read = reads(source)
            told = text.replace("{{", "{").replace("}}", "}") if "{{" in text else text
            return {"$expr": source} if read.names or read.clock else told
    named = {name for inside in _IN_BRACES.findall(text) for name in _NAME.findall(inside)}
    if not named.isdisjoint(known):
        raise _unreadable(text)
    return text


def _unreadable(text: str) -> PlanError:
    return PlanError(
        f"{text[:80]!r} cannot be read as an f-string.",
        where="answer",
        fix="Quotes within its braces must be of the other kind; close what is open.",
    )


class _Stretch(NamedTuple):
    """A stretch of a text: words, or what stands in braces."""

    text: str
    is_value: bool


def _as_f_string(text: str) -> str | None:
    """Return a text with values in braces as an f-string; `None` if its braces don't close."""
    parts = list(_parts(text))
    if "".join(part.text for part in parts) != text:
        return None
    values = [part.text for part in parts if part.is_value]
    fit = [q for q in _PLAIN_QUOTES if not any(q in value for value in values)]
    if not fit:
        return None
    body = "".join(part.text if part.is_value else _escaped(part.text) for part in parts)
    return f"f{fit[0]}{body}{fit[0]}"


def _escaped(words: str) -> str:
    """Write words so that they mean themselves in any quotes."""
    return words.replace("\\", "\\\\").replace("\n", "\\n").replace("'", "\\'").replace('"', '\\"')


def _parts(text: str) -> Iterator[_Stretch]:
    """Yield words and values in their order, up to a brace that does not close."""
    at = start = 0
    while (at := text.find("{", at)) >= 0:
        if text.startswith("{{", at):
            at += 2
            continue
        end = _closing(text, at)
        if end is None:
            return
        yield _Stretch(text[start:at], is_value=False)
        yield _Stretch(text[at:end], is_value=True)
        at = start = end
    yield _Stretch(text[start:], is_value=False)


def _closing(text: str, start: int) -> int | None:
    """Return where the brace that opens at a place has closed; quoted braces are none."""
    depth, quote, at = 0, "", start
    while at < len(text):
        sign = text[at]
        if quote:
            at += sign == "\\"
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "{}":
            depth += 1 if sign == "{" else -1
            if depth == 0:
                return at + 1
        at += 1
    return None
