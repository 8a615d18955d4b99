"""Policies: Markdown documents, searched by section with SQLite's full-text index."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "policies"

COVERAGE = 0.5
"""Least share of a question's words, weighted by rarity, that a section must contain."""

_STOP_WORDS = frozenset(
    """
    a about above after again all also am an and any are as at be because become been before
    being but by can could cover did do does doing down explain for from get got had happen
    happens has have having he her here him his how i if in into is it its just know let
    like long many may me mean might more most much must my need needed no nor not now of
    off on once only or other our out over own please policies policy possible procedure
    rule rules same say says shall she should so some something such tell than that the
    their them then there these they thing this those to too under until up us very want was
    we were what when where which while who whom why will with work would you your yours
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read
)
PROCEDURES = "next-actions"
"""The document for agents only; it is searched when it is asked for by name."""


@dataclass(frozen=True, kw_only=True)
class PolicySection:
    """One headed part of a document."""

    document: str
    """Path as it is cited: `policies/refunds.md`."""
    title: str
    heading: str
    text: str

    @property
    def source(self) -> str:
        """What a person would look up."""
        return f"{self.document} § {self.heading}"


def sections(folder: Path = FOLDER) -> list[PolicySection]:
    """Return the sections of every document, in the order of names and lines."""
    return [section for file in sorted(folder.glob("*.md")) for section in _sections_of(file)]


def _sections_of(file: Path) -> list[PolicySection]:
    title, *parts = re.split(r"^## ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    name = title.strip().splitlines()[0].removeprefix("# ")
    return [
        PolicySection(
            document=f"policies/{file.name}",
            title=name,
            heading=(lines := part.strip().partition("\n"))[0].strip(),
            text=" ".join(lines[2].split()),
        )
        for part in parts
    ]


def search(
    query: str, *, document: str = "", limit: int = 3, folder: Path = FOLDER
) -> list[PolicySection]:
    """Return the sections that answer a question best; none if none says enough about it.

    Args:
        query: The question, in plain words.
        document: Search only this document (`refunds`); by default, all but the procedures.
        limit: Most sections to return.
        folder: Where the documents are.
    """
    terms = list(dict.fromkeys(w for w in _words(query) if w not in _STOP_WORDS))
    found = [section for section in sections(folder) if _searched(section, document)]
    if not terms:
        return []
    # The library is small: indexing it anew takes a millisecond, and it is never out of date.
    with closing(_index(found)) as db:
        holders = {term: _holders(db, term) for term in terms}
        ranked = db.execute(
            "SELECT rowid FROM section WHERE section MATCH ? ORDER BY bm25(section, 2, 6, 1)",
            (" OR ".join(f'"{term}"' for term in terms),),
        )
        rows = [int(row[0]) for row in ranked]
    covered = {row: _coverage(row, holders, len(found)) for row in rows}
    # What covers more of the question comes first; among equals, the index's own order holds.
    best = sorted((r for r in rows if covered[r] >= COVERAGE), key=lambda row: -covered[row])
    return [found[row] for row in best[:limit]]


def _searched(section: PolicySection, document: str) -> bool:
    name = Path(section.document).stem
    return name == document if document else name != PROCEDURES


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold().replace("e-mail", "email"))


def _index(found: Sequence[PolicySection]) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.execute(
        "CREATE VIRTUAL TABLE section USING fts5 "
        "(title, heading, text, tokenize = 'porter unicode61')"
    )
    rows = [
        (number, *(_plain(part) for part in (section.title, section.heading, section.text)))
        for number, section in enumerate(found)
    ]
    db.executemany("INSERT INTO section (rowid, title, heading, text) VALUES (?, ?, ?, ?)", rows)
    return db


def _plain(text: str) -> str:
    return re.sub(r"(?i)e-mail", "email", text)


def _holders(db: sqlite3.Connection, term: str) -> frozenset[int]:
    rows = db.execute("SELECT rowid FROM section WHERE section MATCH ?", (f'"{term}"',))
    return frozenset(int(row[0]) for row in rows)


def _coverage(row: int, holders: dict[str, frozenset[int]], count: int) -> float:
    weights = {t: math.log((count + 1) / (len(rows) + 1)) + 0.01 for t, rows in holders.items()}
    covered = sum(weight for term, weight in weights.items() if row in holders[term])
    return covered / sum(weights.values())
