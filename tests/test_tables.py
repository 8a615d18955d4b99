"""Tables over a closed set of words: a word that is added is not forgotten in one of them."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import pytest

ROOT = Path(__file__).parent.parent
NO_ROOM = {"benchmarks", "build", "examples", "tests"}
PARTIAL = {
    "models/failures/wordings.py:_CODES",
    "state/expressions/taking.py:_MENDS",
    "state/shapes.py:_TYPE_NAMES",
    "testing/spoil.py:_REWRITES",
}
"""Tables that are asked with a default for the words that they leave out."""


def modules() -> Iterator[Path]:
    """Yield the package's modules, below the repository's root."""
    for path in sorted(ROOT.rglob("*.py")):
        place = path.relative_to(ROOT)
        if place.parts[0] not in NO_ROOM and not place.parts[0].startswith("."):
            yield place


def tables() -> Iterator[str]:
    """Yield where a dictionary stands whose keys have a type of their own, and its name."""
    for place in modules():
        for node in ast.parse((ROOT / place).read_text(encoding="utf-8")).body:
            match node:
                case ast.AnnAssign(
                    target=ast.Name(id=name),
                    annotation=ast.Subscript(slice=ast.Tuple(elts=[ast.Name(id=key), *_])),
                    value=ast.Dict(),
                ) if key not in ("str", "int"):
                    yield f"{place.as_posix()}:{name}"
                case _:
                    pass


def over_words(table: str) -> tuple[set[object], set[object]] | None:
    """Return the words that a table may have and those it has; `None` if any key will do."""
    place, name = table.split(":")
    imported = importlib.import_module(".".join(("pointsman", *Path(place).with_suffix("").parts)))
    of_keys = get_args(get_type_hints(imported)[name])[0]
    if get_origin(of_keys) is not Literal:
        return None
    return set(get_args(of_keys)), set(getattr(imported, name))


TABLES = list(tables())


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_every_word(table: str) -> None:
    """Except for those that say what holds for the rest."""
    words = over_words(table)

    assert words is None or table in PARTIAL or words[0] == words[1]


def test_those_left_out_are_still_partial() -> None:
    """A table that has become whole goes from the list."""
    found = {table: over_words(table) for table in PARTIAL}

    assert {table for table, words in found.items() if words and words[0] != words[1]} == PARTIAL
