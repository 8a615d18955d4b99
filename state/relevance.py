"""Relevance: which sentences of a text have most to do with a request.

Without a model an answer is made of the evidence's own sentences, and this chooses them. Whether
a sentence is true is another question: see `grounding/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = re.compile(r"[^\W\d_]{4,}")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZÀ-ÖØ-ÞŒŠŽ0-9\"'¿¡«„“‘])|\n+")
"""What stands in brackets says more of what it stands behind: `Mail Ann. (by 3 May)`."""
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|Mr|Mrs|Ms|Dr|Prof|Hr|Nr|bzw|inkl|ca|Sra?|Srta|Dra|Uds?|Mme|Mlle|e\.g|i\.e)\.$"
)
_NUMBERED = re.compile(r"(?:^|\D)\d{1,2}\.$")
_ORDINAL = re.compile(r"(?:^|\s)(?:am|vom|zum|dem|den|der|die|das|des)\s\d{1,2}\.$")
"""A German ordinal number: `am 3. Werktag`."""
_MARK = re.compile(r"[\s*>-]{0,20}(\d{1,2})\.")
_GERMAN_MONTH = re.compile(
    r"(?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)\b"
)
_STOP = frozenset(
    """about above after again also been before being below between both could does doing down
    during each from further have having here hers into itself just more most must only other
    ours over same shall should some such than that their theirs them then there these they this
    those through under until very were what when where which while will with would your yours
    """.split()  # noqa: SIM905 - a word list reads better as text
)


def sentences(text: str) -> list[str]:
    """Split text into sentences, Markdown markers removed."""
    ends = list(_ends(text))
    starts = [0, *(end.end() for end in ends)]
    stops = [*(end.start() for end in ends), len(text)]
    parts = (text[a:b].strip(" \t#*->|") for a, b in zip(starts, stops, strict=True))
    return [part for part in parts if part]


def _ends(text: str) -> Iterator[re.Match[str]]:
    """Yield where sentences end; `1.`, then `2.`, before an item is no sentence of its own."""
    start, item = 0, 1
    for end in _SENTENCE_END.finditer(text):
        mark = _MARK.fullmatch(text[start : end.start()])
        if mark and int(mark[1]) == item and "\n" not in end[0]:
            item += 1
        elif _is_end(text, end):
            yield end
            start = end.end()


def _is_end(text: str, end: re.Match[str]) -> bool:
    """Whether a sentence ends there, and not an abbreviation or the day of `3. Oktober`."""
    if "\n" in end[0]:
        return True
    before = text[max(0, end.start() - 16) : end.start()]
    if not before.endswith("."):
        return True
    if not before[-2:-1].isdigit():
        return not _ABBREVIATION.search(before)
    dated = _GERMAN_MONTH.match(text, end.end()) and _NUMBERED.search(before)
    return not (dated or _ORDINAL.search(before))


def most_relevant(task: str, text: str, *, limit: int) -> list[str]:
    """Return the sentences that share most content words with the task, in their own order."""
    asked = _content_words(task)
    found = sentences(text)
    scored = [(len(asked & _content_words(s)), -index, s) for index, s in enumerate(found)]
    best = sorted((entry for entry in scored if entry[0]), reverse=True)[:limit]
    return [s for _, _, s in sorted(best, key=lambda entry: -entry[1])]


def _content_words(text: str) -> frozenset[str]:
    """Return the lower-case words that carry meaning, cut to a crude stem."""
    return frozenset(_stem(w) for w in _WORD.findall(text.lower()) if w not in _STOP)


def _stem(word: str) -> str:
    for ending in ("ations", "ation", "ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word
