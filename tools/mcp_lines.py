"""What a program may write to its standard output while it serves MCP: messages, and so much.

The library collects a line of any length, and copies it anew with each piece that comes; of what is
no message it writes a traceback to the log, line by line. All that it lets be chosen of its reading
is the encoding, so the bound is one: UTF-8 that hands on whole lines which may be messages, and
ends the session that says too much.
"""

from __future__ import annotations

import codecs
from typing import Any

from ..errors import ToolError

MAX_SESSION_BYTES = 64 * 1024 * 1024
"""Of all that a program says in one session, which is one call."""
ENCODING = "pointsman_mcp_lines"
_OPENING = (b"{", b"[")
"""With what a message begins, and a batch of them."""


class Lines(codecs.IncrementalDecoder):
    """Reads those lines of UTF-8 that may be messages, of a bounded number of bytes."""

    def __init__(self, errors: str = "strict") -> None:
        super().__init__(errors)
        self._left = MAX_SESSION_BYTES
        self._begun: list[bytes] = []

    def decode(self, input: Any, final: bool = False) -> str:  # noqa: A002, ARG002 - their names
        """Return the lines that have come to their end; the last of all has none."""
        piece = bytes(input)
        self._left -= len(piece)
        if self._left < 0:
            self._begun.clear()
            raise ToolError(
                f"The server has sent more than {MAX_SESSION_BYTES:,} bytes in one session.",
                happened="unknown",
                fix="Have it send less: large values belong in files, or in several calls.",
            )
        end = piece.rfind(b"\n") + 1
        if not end:
            self._begun.append(piece)
            return ""
        whole = b"".join((*self._begun, piece[:end]))
        self._begun = [piece[end:]]
        said = (line for line in whole.split(b"\n") if line.lstrip()[:1] in _OPENING)
        return "".join(f"{line.decode(errors=self.errors)}\n" for line in said)


def _found(name: str) -> codecs.CodecInfo | None:
    if name != ENCODING:
        return None
    utf_8 = codecs.lookup("utf-8")
    return codecs.CodecInfo(
        name=ENCODING, encode=utf_8.encode, decode=utf_8.decode, incrementaldecoder=Lines
    )


codecs.register(_found)
