"""Markdown documents as sections: what stands under each heading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_HEADING = re.compile(r"(#{1,6})\s(.*)", re.DOTALL)
_FENCE = re.compile(r"^\s*(```|~~~)")


@dataclass(frozen=True, kw_only=True)
class MarkdownSection:
    """The text under one heading, up to the next."""

    file: str
    """Path relative to the folder."""
    heading: str
    """Headings from the top, joined by ` › `; empty before the first."""
    text: str


def sections(text: str, file: str) -> Iterator[MarkdownSection]:
    """Cut a document at its headings; code blocks are left whole."""
    headings: list[str] = []
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        fenced ^= _FENCE.match(line) is not None
        found = None if fenced else _HEADING.match(line)
        if found is None:
            lines.append(line)
            continue
        yield from _section(file, headings, lines)
        depth = len(found[1])
        title = found[2].rstrip().rstrip("#").strip()
        headings = [*headings[: depth - 1], *[""] * (depth - 1 - len(headings)), title]
        lines = []
    yield from _section(file, headings, lines)


def _section(file: str, headings: list[str], lines: list[str]) -> Iterator[MarkdownSection]:
    text = "\n".join(lines).strip()
    if text:
        yield MarkdownSection(file=file, heading=" › ".join(h for h in headings if h), text=text)


def markdown_files(folder: Path) -> list[Path]:
    """Return the Markdown files of a folder in a stable order; links out of it are left out."""
    base = folder.resolve()
    found = (path for path in base.rglob("*.md") if path.resolve().is_relative_to(base))
    return sorted(path for path in found if path.is_file())
