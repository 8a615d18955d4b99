"""Restoring what streams: a pseudonym that arrives in pieces shows as its value, or not at all."""

from __future__ import annotations

import re

from .pseudonyms import LONGEST, Pseudonyms

_BEGUN = re.compile(
    r"(?:<|&(?:l(?:t;?)?)?|\\(?:u(?:0(?:0(?:3[cC]?)?)?)?)?)"
    r"(?:(?<=[<;cC])(?:[A-Za-z][A-Za-z0-9_]{0,31})?(?::[0-9A-Fa-f]{0,32}"
    r"(?:&(?:gt?)?|\\(?:u(?:0(?:0(?:3)?)?)?)?)?)?)?\Z"
)
"""The beginning of what may become a pseudonym with the next piece."""


class RestoringStream:
    """Text in pieces, with values for pseudonyms.

    What may become a pseudonym is held back until it is one, or none.

    Args:
        pseudonyms: Those that were given.
        as_json: Whether the text is JSON.
    """

    def __init__(self, pseudonyms: Pseudonyms, *, as_json: bool = False) -> None:
        self._pseudonyms = pseudonyms
        self._as_json = as_json
        self._held = ""

    def add(self, piece: str) -> str:
        """Take in the next piece; return what can be shown."""
        text = self._held + piece
        begun = _BEGUN.search(text, max(0, len(text) - LONGEST))
        at = begun.start() if begun else len(text)
        self._held = text[at:]
        return self._pseudonyms.restore(text[:at], as_json=self._as_json)

    def end(self) -> str:
        """Return what was held back, because nothing follows."""
        held, self._held = self._held, ""
        return self._pseudonyms.restore(held, as_json=self._as_json)

    def forget(self) -> None:
        """Drop what was held back: what was said so far is taken back."""
        self._held = ""
