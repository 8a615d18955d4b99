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
    sources,
    unread,
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
        'import_module("pointsman.cli.app")',
        'importlib.import_module("..cli.app", __package__)',
        'importlib.import_module(name="pointsman.cli")',
        'import_module(".app", "pointsman.cli")',
        'import_module("..cli", package="pointsman.state")',
        '__import__("pointsman.cli.app")',
        '__import__("cli.app", globals(), locals(), ["main"], 2)',
        '__import__("cli", globals(), level=2)',
        'resolve_name("pointsman.cli.app:main")',
        'runpy.run_module("pointsman.cli.app")',
        'load_object("pointsman.cli.app:main", folder, where="")',
        'main = sys.modules["pointsman.cli.app"].main',
        '__getattr__ = exports(__name__, {"main": ".cli.app"})',
        '__getattr__ = lazy.exports(package=__name__, homes={"main": ".cli"})',
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


BY_VARIABLE = {
    "lazy.py": "the tables of names, which are read where they stand",
    "loading.py": "what settings name, which is the user's",
    "cli/app.py": "commands of its own room",
    "models/routing/configured.py": "the router that settings name",
    "models/embedded/local.py": "a library",
    "evals/tau2/domains.py": "a library",
}
"""File that imports by a name which only a run can tell → what that is."""


def test_modules_that_only_a_run_can_name_are_few() -> None:
    """The drawing cannot know them, so each place is one that somebody has looked at."""
    files = {file.relative_to(ROOT).as_posix() for file in sources()}

    assert {file for file in files if unread(ROOT / file)} == set(BY_VARIABLE)


@pytest.mark.parametrize(
    "call",
    [
        "import_module(name)",
        '__import__(f"pointsman.{x}")',
        "exports(a, b)",
        "from importlib import import_module as load",
        "load = import_module",
        "load = importlib.import_module",
        "from ..lazy import exports as names",
        "names = map(__import__, found)",
        'exec("from pointsman.cli import app")',
    ],
)
def test_a_name_that_only_a_run_can_tell_is_noticed(tmp_path: Path, call: str) -> None:
    """It is no constant."""
    (tmp_path / "run.py").write_text(f"{call}\n", encoding="utf-8")

    assert unread(tmp_path / "run.py")


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
