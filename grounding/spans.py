"""Spans: which characters of a text have been read as a fact already."""

from __future__ import annotations


class Taken:
    """The characters of a text that are taken; each is taken once."""

    def __init__(self, length: int) -> None:
        self._marks = bytearray(length)

    def take(self, start: int, end: int) -> bool:
        """Take a stretch; False, and nothing changes, if a part of it is taken."""
        if self._marks.find(1, start, end) >= 0:
            return False
        self._marks[start:end] = b"\x01" * (end - start)
        return True
