"""Document search: passages under their headings, found by any of a person's words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.tools.builtin.documents import document_search
from pointsman.tools.builtin.markdown import sections

REFUNDS = """Preamble about refunds.

# Refunds

Ask us.

## Damaged items

Damaged items are refunded in full.

```sh
# not a heading
```

#### Deep

Deep text.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two documents."""
    base = tmp_path / "docs"
    (base / "more").mkdir(parents=True)
    (base / "refunds.md").write_text(REFUNDS)
    (base / "more" / "shipping.md").write_text("# Shipping\n\nParcels take three days.\n")
    (base / "notes.txt").write_text("damaged")
    return base


async def test_passages_are_found_and_cited(folder: Path, execute: Any) -> None:
    """The best fit comes first, by file and heading; word forms do not matter."""
    tool = document_search(folder)
    output = await execute(tool, query="refund for a damage?", limit=3)
    first = output["passages"][0]
    assert (first["file"], first["heading"]) == ("refunds.md", "Refunds › Damaged items")
    assert "refunded in full" in first["text"]
    assert "# not a heading" in first["text"]
    assert tool.cite is not None
    cited = tool.cite({}, output)
    assert cited[0].source == "refunds.md § Refunds › Damaged items"
    assert cited[0].path == "passages.0.text"
    assert len(cited) == len(output["passages"])


def test_headings_make_a_path() -> None:
    """A level that was left out leaves no hole, and text before the first heading counts."""
    found = [section.heading for section in sections(REFUNDS, "x.md")]
    assert found == ["", "Refunds", "Refunds › Damaged items", "Refunds › Damaged items › Deep"]


@pytest.mark.parametrize("query", ["?!", '"', "NEAR(", "unheard", "* ^ :", "' OR 1=1 --"])
async def test_no_match_is_an_empty_list(folder: Path, execute: Any, query: str) -> None:
    """Syntax of the search engine is text like any other."""
    assert await execute(document_search(folder), query=query, limit=3) == {"passages": []}


async def test_changes_are_seen(folder: Path, execute: Any) -> None:
    """The index follows the files."""
    tool = document_search(folder)
    assert (await execute(tool, query="zebra", limit=1))["passages"] == []
    (folder / "zoo.md").write_text("A zebra.")
    assert (await execute(tool, query="zebra", limit=1))["passages"][0]["file"] == "zoo.md"


async def test_links_out_of_the_folder_are_left_out(
    folder: Path, tmp_path: Path, execute: Any
) -> None:
    """A link cannot bring in what lies elsewhere."""
    (tmp_path / "secret.md").write_text("zebra")
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    output = await execute(document_search(folder), query="zebra", limit=1)
    assert output["passages"] == []


async def test_a_long_section_is_cut_to_what_matches(folder: Path, execute: Any) -> None:
    """A passage stays readable."""
    (folder / "long.md").write_text("word " * 2000 + "zebra " + "word " * 2000)
    output = await execute(document_search(folder), query="zebra", limit=1)
    assert "zebra" in output["passages"][0]["text"]
    assert len(output["passages"][0]["text"]) <= 2000


@given(st.text(min_size=1, max_size=80))
def test_any_query_is_answered(query: str) -> None:
    """No text breaks the search expression."""
    import sqlite3

    from pointsman.tools.builtin.documents import match_expression

    match = match_expression(query)
    if match:
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE VIRTUAL TABLE t USING fts5(x)")
        connection.execute("SELECT * FROM t WHERE t MATCH ?", (match,)).fetchall()
        connection.close()
