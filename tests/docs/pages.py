"""The project's pages, cut into what can be tried: code, commands, links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("examples/**/*.md")]
    if "policies" not in path.parts  # what the support desk tells its customers
)
_BLOCK = re.compile(
    r"(?:<!-- not run here: (?P<why>.+?) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
_INDENTED = re.compile(r"^ {4}(?:\$ )?((?:pointsman|python -m|make|langgraph) .*)$", re.MULTILINE)
_INLINE = re.compile(r"`((?:pointsman|python -m|make|langgraph) [^`]+)`")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    text: str
    why_not: str
    """Why it is not run with the others; empty for most."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def name_of(page: Path) -> str:
    """Return a page's path below the root."""
    return page.relative_to(ROOT).as_posix()


def blocks(*languages: str) -> list[Block]:
    """Return the blocks of all pages, or those in some languages."""
    return [
        Block(
            page=name_of(page),
            line=text.count("\n", 0, found.start("language")) + 1,
            language=found["language"],
            text=found["text"],
            why_not=found["why"] or "",
        )
        for page in PAGES
        for text in [page.read_text(encoding="utf-8")]
        for found in _BLOCK.finditer(text)
        if not languages or found["language"] in languages
    ]


def commands(program: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the page and the words of every command that starts with `program`."""
    found = {
        (name_of(page), tuple(words))
        for page in PAGES
        for line in _lines(page.read_text(encoding="utf-8"))
        if (words := shlex.split(line, comments=True))[: len(program.split())] == program.split()
    }
    return sorted(found)


def _lines(text: str) -> Iterator[str]:
    text = re.sub(r" \\\n *", " ", text)
    for found in _BLOCK.finditer(text):
        if found["language"] in ("console", "sh"):
            yield from found["text"].splitlines()
    prose = _BLOCK.sub("", text)
    yield from _INDENTED.findall(prose)
    yield from _INLINE.findall(prose)
