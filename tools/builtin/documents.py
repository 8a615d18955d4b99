"""Document search: a folder of Markdown, found by full text and cited by heading."""

from __future__ import annotations

import re
import sqlite3
import threading
import weakref
from pathlib import Path
from typing import Annotated

from pydantic import Field
from typing_extensions import Unpack

from ...errors import ToolError
from ...state.results import Evidence
from ...state.values import Json, JsonObject, Trust
from ..contract import ContractOptions, Tool
from ..decorator import tool
from .markdown import MarkdownSection, markdown_files, sections

MAX_TOTAL_BYTES = 64_000_000
PASSAGE_CHARS = 2_000
"""Longer sections are cut to the part that matches."""
MAX_TERMS = 32


def document_search(folder: Path, **contract: Unpack[ContractOptions]) -> Tool:
    """Make a tool that searches the Markdown files of a folder.

    The index lives in memory and is rebuilt when a file has changed.

    Args:
        folder: The folder, searched with its subfolders.
        **contract: Fields of the contract to set otherwise; `trust` also labels the citations.
    """
    options: ContractOptions = {
        "effect": "read",
        "trust": "internal",
        "idempotency": "natural",
        "consequential": (),
        **contract,
    }
    index = _Index(folder)
    trust: Trust = options.get("trust", "internal")

    def cite(_args: JsonObject, output: Json) -> list[Evidence]:
        return [_evidence(n, passage, trust) for n, passage in enumerate(output["passages"])]

    @tool(cite=cite, **options)
    def search_documents(
        query: Annotated[str, Field(min_length=1, max_length=1000)],
        limit: Annotated[int, Field(ge=1, le=20)] = 5,
    ) -> JsonObject:
        """Search the documents and return the passages that fit best.

        Args:
            query: Words to look for; any of them may match.
            limit: Most passages to return.
        """
        return {"passages": index.search(query, limit)}

    return search_documents


def _evidence(number: int, passage: JsonObject, trust: Trust) -> Evidence:
    source = " § ".join(part for part in (passage["file"], passage["heading"]) if part)
    return Evidence(id="", step="", path=f"passages.{number}.text", source=source, trust=trust)


class _Index:
    """Sections in FTS5, shared by threads under a lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._state: tuple[tuple[str, int, int], ...] | None = None
        self._connection: sqlite3.Connection | None = None

    def search(self, query: str, limit: int) -> list[JsonObject]:
        match = match_expression(query)
        if not match:
            return []
        with self._lock:
            rows = self._fresh().execute(
                "SELECT file, heading, text, snippet(sections, 2, '', '', ' … ', 64),"
                " bm25(sections, 0.0, 3.0, 1.0) AS score FROM sections"
                " WHERE sections MATCH ? ORDER BY score, rowid LIMIT ?",
                (match, limit),
            )
            return [_passage(*row) for row in rows.fetchall()]

    def _fresh(self) -> sqlite3.Connection:
        files = markdown_files(self._folder)
        stats = [(path, path.stat()) for path in files]
        state = tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in stats)
        if self._connection is None or state != self._state:
            if sum(stat.st_size for _, stat in stats) > MAX_TOTAL_BYTES:
                raise ToolError(
                    f"The documents are larger than {MAX_TOTAL_BYTES} bytes together.",
                    where=str(self._folder),
                    fix="Search a smaller folder.",
                )
            if self._connection is not None:
                self._connection.close()
            self._connection = _build(self._folder.resolve(), files)
            # Nobody closes a tool: the index goes when the tool does.
            weakref.finalize(self, self._connection.close)
            self._state = state
        return self._connection


def _build(base: Path, files: list[Path]) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.execute(
        "CREATE VIRTUAL TABLE sections USING fts5"
        "(file UNINDEXED, heading, text, tokenize = 'porter unicode61 remove_diacritics 2')"
    )
    found: list[MarkdownSection] = []
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        found.extend(sections(text, path.relative_to(base).as_posix()))
    connection.executemany(
        "INSERT INTO sections VALUES (?, ?, ?)", [(s.file, s.heading, s.text) for s in found]
    )
    return connection


def match_expression(query: str) -> str:
    """Turn a person's words into an FTS5 expression: any of the words, none of the syntax."""
    words = dict.fromkeys(re.findall(r"\w+", query.lower()))
    return " OR ".join(f'"{word}"' for word in list(words)[:MAX_TERMS])


def _passage(file: str, heading: str, text: str, snippet: str, score: float) -> JsonObject:
    shown = text if len(text) <= PASSAGE_CHARS else snippet[:PASSAGE_CHARS]
    return {"file": file, "heading": heading, "text": shown, "score": round(-score, 4)}
