"""Bare answers: values in the form that the request asks for, without a word of their own.

`1:30` says nothing until one knows that the question was how long; `Speedy Rentals, 336`, that it
was what a week costs. Such an answer is read with the words of its request.
"""

from __future__ import annotations

import re
from dataclasses import replace

from .facts import StatedFacts, read
from .ground import Holding

_MARK = re.compile(r"(?<!\S)(\d{1,2})[.)](?=\s|$)")
_BETWEEN = re.compile(r"[,;\n]|(?<!\S)[\d.,:%-]+(?!\S)")
"""What stands between the names of a bare answer: commas and numbers."""


def with_request(sentence: str, facts: StatedFacts, request: str, cited: Holding) -> StatedFacts:
    """Return a bare answer's facts with the words of its request, any other's as they are.

    Args:
        sentence: One sentence of an answer.
        facts: What it says.
        request: What the user asked.
        cited: What it cites; a name that stands there is a value, no word of the answer.
    """
    text = _unmarked(sentence, request)
    names = [part for part in (p.strip(" .)") for p in _BETWEEN.split(text)) if part]
    held = [item.text.casefold() for item in cited.items]
    if not facts.quantities and not facts.times:
        return facts
    if not all(any(name.casefold() in text for text in held) for name in names):
        return facts
    return replace(read(text) if text != sentence else facts, asked=request)


def _unmarked(sentence: str, request: str) -> str:
    """Blank the marks `1.`, `2.` of an answer to a request that numbers its questions alike."""
    asked = [int(mark[1]) for mark in _MARK.finditer(request)]
    marks = list(_MARK.finditer(sentence))
    if len(marks) > 1 and not _MARK.sub("", sentence).strip():
        asked = list(range(1, len(marks) + 1))  # marks of items that are all empty
    if not marks or marks[0].start() or 2 not in asked:
        return sentence
    text, following = sentence, 1
    for mark in marks:
        if int(mark[1]) == following and following in asked:
            text = text[: mark.start()] + " " * len(mark[0]) + text[mark.end() :]
            following += 1
    return text
