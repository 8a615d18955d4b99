"""What of a reply may be shown while it arrives: the reply without the thinking in it."""

from __future__ import annotations

import re
from collections.abc import Callable

from .thinking import INDENT, MARK, ends_thinking

LONGEST_MARK = 320
"""Characters that a mark may have."""

_BEGUN = re.compile(
    r"(?:"
    r"[<◁]\|?/?[\w:.-]{0,96}(?:\s[^<>]{0,200})?\|?"
    r"|<\|channel\|?|<\|channel\|>[^<]{0,80}(?:<\|?[a-z]{0,7}\|?)?"
    r"|\[/?(?:T(?:H(?:I(?:NK?)?)?)?)?"
    r")\Z",
    re.IGNORECASE,
)
"""The beginning of what may become a mark with the next piece."""


class SpokenText:
    """Tells thinking from speech in text that arrives piece by piece.

    What may become a mark of thinking is held back until it is clear. Of a reply whose thinking
    began in the prompt only the end shows: then all that was said before is taken back.

    Args:
        say: Receives what may be shown.
        take_back: Called where what was said so far turns out to have been thinking.
    """

    def __init__(self, say: Callable[[str], None], take_back: Callable[[], None]) -> None:
        self._say = say
        self._take_back = take_back
        self._before = ""
        """The end of what has been decided, by which the edge of a line is known."""
        self._held = ""
        self._depth = 0
        self._said = False
        self._trims = False

    def add(self, piece: str) -> None:
        """Take in the next piece of the reply."""
        self._held += piece
        self._decide(ended=False)

    def end(self) -> None:
        """Say what was held back, because nothing follows."""
        self._decide(ended=True)

    def _decide(self, *, ended: bool) -> None:
        at = 0
        while mark := MARK.search(self._held, at):
            ends, counts = ends_thinking(mark), bool(self._depth)
            if not counts:
                counts = self._begins_line(mark)
            if not counts and ends:
                after = self._held[mark.end() : mark.end() + INDENT]
                if not (ended or after.strip() or "\n" in after or len(after) == INDENT):
                    self._pass(mark.start())
                    return
                counts = not after.partition("\n")[0].strip()
            if not counts:
                at = mark.end()
                continue
            self._pass(mark.start())
            self._turn(ends=ends)
            self._skip(mark.end() - mark.start())
            at = 0
        self._pass(len(self._held) if ended else max(at, self._clear()))

    def _turn(self, *, ends: bool) -> None:
        if not ends:
            self._depth += 1
            return
        if not self._depth and self._said:
            self._take_back()
            self._said = False
        self._depth = max(0, self._depth - 1)
        self._trims = not self._depth

    def _clear(self) -> int:
        """Return how much of what is held cannot become a part of a mark any more."""
        tail = max(0, len(self._held) - LONGEST_MARK)
        begun = _BEGUN.search(self._held, tail)
        return begun.start() if begun else len(self._held)

    def _begins_line(self, mark: re.Match[str]) -> bool:
        before = (self._before + self._held[: mark.start()])[-INDENT:]
        return not before.rpartition("\n")[2].strip()

    def _pass(self, length: int) -> None:
        """Say so much of what is held, unless it is thinking."""
        text = self._held[:length]
        self._skip(length)
        if self._depth:
            return
        if self._trims:
            text = text.lstrip()
        if text:
            self._trims = False
            self._said = True
            self._say(text)

    def _skip(self, length: int) -> None:
        self._before = (self._before + self._held[:length])[-INDENT:]
        self._held = self._held[length:]
