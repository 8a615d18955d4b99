"""Imports go one way, and docs/architecture.md says which."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from pointsman.docs.rooms import (
    EVERYWHERE,
    PAGE,
    ROOT,
    SINGLE,
    SPLIT,
    allowed,
    arrows,
    redrawn,
    reduced,
)

TEXT = PAGE.read_text(encoding="utf-8")
FOUND = arrows()
ALLOWED = allowed(TEXT)


@pytest.mark.parametrize("room", sorted(FOUND))
def test_a_room_imports_what_the_table_allows(room: str) -> None:
    """An arrow that is not in the table is a decision to take, and to write down there."""
    assert room in ALLOWED, f"docs/architecture.md has no row for `{room}`"
    assert FOUND[room] - {EVERYWHERE} <= ALLOWED[room]


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_the_table_allows_no_more_than_is_used(room: str) -> None:
    """An arrow that nothing takes any more would let one in that nobody has decided on."""
    assert ALLOWED[room] <= FOUND[room]


@pytest.mark.parametrize(
    "line",
    [
        "from ..cli.app import main",
        "from ..cli import app",
        "from .. import cli",
        "from pointsman.cli.app import main",
        "from pointsman.cli import app",
        "from pointsman import cli",
        "import pointsman.cli.app",
        "import pointsman.cli as face",
    ],
)
@pytest.mark.parametrize("place", ["{}\n", "def late():\n    {}\n"])
def test_an_arrow_is_seen_however_it_is_written(tmp_path: Path, line: str, place: str) -> None:
    """Relative or from the package's top, of a module or of a name, early or late."""
    for folder in ("cli", "state"):
        (tmp_path / folder).mkdir()
    (tmp_path / "cli" / "app.py").write_text("def main(): ...\n", encoding="utf-8")
    (tmp_path / "state" / "run.py").write_text(place.format(line), encoding="utf-8")

    assert arrows(tmp_path)["state"] == {"cli"}


def test_a_file_of_the_top_that_is_not_listed_asks_for_its_room(tmp_path: Path) -> None:
    """No file falls silently into the room of the door."""
    (tmp_path / "state").mkdir()
    (tmp_path / "notes.py").write_text("", encoding="utf-8")
    (tmp_path / "state" / "run.py").write_text("from ..notes import x\n", encoding="utf-8")

    assert arrows(tmp_path) == {"notes": set(), "state": {"notes"}}


@pytest.mark.parametrize("file", sorted(SINGLE))
def test_a_listed_file_is_there(file: str) -> None:
    """A file that is moved is moved in the list too."""
    assert (ROOT / file).is_file()


def test_the_table_has_no_row_without_a_room() -> None:
    """A room that is gone goes from the table."""
    assert ALLOWED.keys() <= FOUND.keys()


def test_the_table_has_no_circle() -> None:
    """What is allowed goes one way too."""
    assert reduced(ALLOWED)


def test_a_circle_is_named() -> None:
    """Whoever closes one reads which rooms it goes through."""
    with pytest.raises(ValueError, match="a → b → a"):
        reduced({"a": {"b"}, "b": {"a"}})


def test_the_drawing_is_that_of_the_imports() -> None:
    """`make architecture` draws it anew."""
    assert redrawn(TEXT, FOUND) == TEXT


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([\w./-]+/[\w./-]*)`", TEXT))))
def test_what_the_page_names_exists(path: str) -> None:
    """A path that was moved is moved on the page too."""
    assert path in FOUND or (ROOT / path).exists()


@pytest.mark.parametrize(
    ("name", "file"), sorted(set(re.findall(r"`(\w+)` (?:in|of) `([\w/]+\.py)`", TEXT)))
)
def test_what_a_file_is_said_to_hold_is_there(name: str, file: str) -> None:
    """A name that the page sends a reader to stands in the file."""
    assert re.search(rf"\b{name}\b", (ROOT / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("room", sorted(SPLIT))
def test_a_room_of_rooms_names_them(room: str) -> None:
    """Whoever opens `models/` reads which rooms are there."""
    said = ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text(encoding="utf-8")))
    rooms = {found for found in FOUND if found.startswith(f"{room}/") and (ROOT / found).is_dir()}

    assert said
    assert rooms
    assert [found for found in rooms if f"`{found.removeprefix(room)[1:]}/`" not in said] == []


@pytest.mark.parametrize("room", ["nodes", "cli", "evals", "server"])
def test_only_the_view_packs_and_unpacks_state(room: str) -> None:
    """Nodes and faces are given values; what is stored has one door, `runs/view.py`."""
    found = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file in sorted((ROOT / room).rglob("*.py"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if re.search(r"\b(?:from|to)_json\b", line)
    ]
    assert found == []
