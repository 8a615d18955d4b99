"""SentenceReader: the whole sentences of a reply that is still being written."""

from __future__ import annotations

import json
from typing import Any

from ..state.answer import Sentence

_DECODER = json.JSONDecoder()
_BETWEEN = " \t\r\n,"


def sentence_of(item: Any) -> Sentence | None:
    """Read one sentence of a writer's reply; `None` where there is none."""
    if not isinstance(item, dict) or not isinstance(item.get("text"), str):
        return None
    text = item["text"].strip()
    cites = item.get("cites")
    ids = tuple(id_ for id_ in cites if isinstance(id_, str)) if isinstance(cites, list) else ()
    return Sentence(text=text, cites=ids) if text else None


class SentenceReader:
    """Takes in a reply in `ANSWER_SCHEMA` piece by piece, and gives each sentence once it is whole.

    It only looks ahead: what counts in the end is the whole reply, once it has been parsed.
    """

    def __init__(self) -> None:
        self._text = ""
        self._at = -1

    def feed(self, piece: str) -> list[Sentence]:
        """Take in more text, and return the sentences that have become whole."""
        self._text += piece
        if self._at < 0 and not self._begin():
            return []
        found: list[Sentence] = []
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BETWEEN:
                self._at += 1
            if self._at >= len(self._text) or self._text[self._at] != "{":
                return found
            try:
                item, self._at = _DECODER.raw_decode(self._text, self._at)
            except ValueError:
                return found
            if (sentence := sentence_of(item)) is not None:
                found.append(sentence)

    def forget(self) -> None:
        """Begin anew: the reply was cut off and another one comes."""
        self._text, self._at = "", -1

    def _begin(self) -> bool:
        key = self._text.find('"sentences"')
        start = self._text.find("[", key) if key >= 0 else -1
        self._at = start + 1 if start >= 0 else -1
        return start >= 0
