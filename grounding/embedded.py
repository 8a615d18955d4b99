"""Embedded: tables and lists of labelled amounts that stand in a text, read as records.

A price list is a table however it is written: with bars, in columns, or as `Basic: 29.90 euros.
Plus: 44.90 euros.` The text around it stays prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any, TypeAlias

Table: TypeAlias = list[dict[str, Any]]

_COLUMNS = re.compile(r"\s{2,}|\t")
_RULE = re.compile(r"[|:\s=+-]+")
_PART = re.compile(r"(?<=[.!;])\s+|\n+")
_LABELLED = re.compile(
    r"(?:[-*•]\s)?(?P<label>[^\W\d_][^:|(\n]{0,40}?)\s?(?P<aside>\([^)\n]{1,60}\))?\s?:\s"
    r"(?P<amount>[^\d,;.\n]{0,12}\d[\d.,]*(?<![.,])(?:\s?[^\W\d_]{1,12}\.?|\s?[€$£%])?)(?P<rest>[^\n]{0,200})"
)
_LOGGED = re.compile(
    r"(?P<when>\[?\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?Z?)?\]?)[\s,;:|-]+"
    r"(?P<text>[^\W\d].{2,200})"
)
_LABEL_WORDS = 6
_FEWEST_COLUMNS = 2
_MOST_LINES = 400
_LONGEST_CELL = 80


def tables_in(text: str) -> list[Table]:
    """Return the tables of a text that is no table as a whole."""
    lines = text.splitlines()[:_MOST_LINES]
    found = [*_blocks(lines, _barred), *_blocks(lines, _spaced)]
    listed = [table for table in (_labelled(text), _logged(lines)) if len(table) > 1]
    return [*found, *listed]


def _logged(lines: list[str]) -> Table:
    """Read lines that each begin with when something was."""
    matches = [_LOGGED.fullmatch(line.strip()) for line in lines if line.strip()]
    return [match.groupdict() for match in matches if match] if all(matches) else []


def _blocks(lines: list[str], cells_of: Any) -> Iterator[Table]:
    at = 0
    while at < len(lines):
        names = cells_of(lines[at])
        if not names or any(any(map(str.isdigit, n)) and not n[:1].isalpha() for n in names):
            at += 1
            continue
        block = list(takewhile(bool, map(cells_of, lines[at + 1 :])))
        rows = [row for row in block if not all(_RULE.fullmatch(c) for c in row)]
        if rows and all(len(row) == len(names) for row in rows):
            yield [dict(zip(names, row, strict=True)) for row in rows]
            at += len(block)
        at += 1


def _barred(line: str) -> list[str]:
    if line.count("|") < _FEWEST_COLUMNS:
        return []
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _spaced(line: str) -> list[str]:
    cells = [cell for cell in _COLUMNS.split(line.strip()) if cell]
    few = len(cells) <= _FEWEST_COLUMNS or "|" in line
    return [] if few or any(len(cell) > _LONGEST_CELL for cell in cells) else cells


def _labelled(text: str) -> Table:
    """Read `Basic: 29.90 euros a month. Plus: 44.90 euros.` as records with a name and a text."""
    matches = [_LABELLED.fullmatch(part.strip()) for part in _PART.split(text) if part.strip()]
    rows = [
        {
            "name": match["label"].strip(),
            "amount": match["amount"],
            "text": match["rest"] + (match["aside"] or ""),
        }
        for match in matches
        if match and len(match["label"].split()) <= _LABEL_WORDS
    ]
    names = {row["name"].casefold() for row in rows}
    return rows if len(rows) > 1 and len(names) == len(rows) else []
