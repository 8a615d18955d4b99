"""Output: words for a person, or one JSON document for a program."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from typing import Any, TextIO

from rich.console import Console, RenderableType
from rich.text import Text

WIDTH = 140
"""Columns where there is no terminal to ask."""

_KEPT = "\n\t\u200c\u200d"
"""Line breaks, tabs and the joiners that emoji and several scripts need."""


class Output:
    """Where one command writes.

    Args:
        as_json: Keep standard output for one document; everything else goes to standard error.
    """

    way_on: str = ""
    """What to do if the command is interrupted now."""

    def __init__(self, *, as_json: bool) -> None:
        self.json = as_json
        self.go_to(sys.stdout)

    def go_to(self, stream: TextIO) -> None:
        """Write results to a stream from now on."""
        self._document = stream
        self.console = _console(sys.stderr if self.json else stream)

    def line(self, text: str | Text = "") -> None:
        """Print one line for people. It is never wrapped, so that commands can be copied."""
        self.console.print(text, soft_wrap=True)

    def show(self, renderable: RenderableType) -> None:
        """Print a table or the like."""
        self.console.print(renderable)

    def aside(self, text: str) -> None:
        """Print a remark that is not part of the result, on standard error."""
        _console(sys.stderr).print(Text(visible(text)), soft_wrap=True)

    def document(self, value: Any) -> None:
        """Print the one JSON document."""
        # ASCII: whatever the encoding of standard output, what arrives is valid JSON.
        self._document.write(json.dumps(value, indent=2, default=str) + "\n")
        self._document.flush()

    def error(self, kind: str, message: str, *, where: str = "", fix: str = "") -> None:
        """Say what was wrong, where, and what to do next."""
        if self.json:
            facts = {"type": kind, "message": message, "where": where, "fix": fix}
            self.document({"error": facts})
            return
        text = Text("Error: ", style="bold red") if kind not in ("Interrupted",) else Text()
        text.append(visible(f"{where}: {message}" if where else message), style="default")
        console = _console(sys.stderr)
        console.print(text, soft_wrap=True)
        if fix:
            console.print(Text(visible(fix)), soft_wrap=True)


def _console(file: TextIO) -> Console:
    fixed = not file.isatty() and "COLUMNS" not in os.environ
    return Console(
        file=file, width=WIDTH if fixed else None, highlight=False, markup=False, emoji=False
    )


def visible(text: str) -> str:
    """Return text with characters that steer a terminal or hide something made visible.

    What a tool returned or a customer wrote must not be able to move the cursor, recolour a
    warning or reverse the reading direction of an amount that somebody is about to approve.
    """
    return "".join(c if c in _KEPT or not _steers(c) else _escaped(c) for c in text)


def _steers(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _escaped(character: str) -> str:
    return f"\\u{ord(character):04x}" if ord(character) > 0xFF else f"\\x{ord(character):02x}"
