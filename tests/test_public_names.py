"""The public surface is a list, and the list is true."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

import pointsman
from pointsman.docs.rooms import BESIDE, ROOT


@pytest.mark.parametrize("name", pointsman.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    """Each name of `__all__` leads somewhere."""
    assert getattr(pointsman, name) is not None


def test_another_name_is_an_attribute_error() -> None:
    """A misspelt name fails as in any module."""
    with pytest.raises(AttributeError, match="build_agnet"):
        _ = pointsman.build_agnet


def test_importing_the_package_imports_no_graph() -> None:
    """Commands that need no agent start without LangGraph."""
    code = "import sys, pointsman; sys.exit('langgraph' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def public_classes() -> Iterator[tuple[str, str]]:
    """Yield the name and the file of every public class of the package, nested ones too."""
    for path in sorted(ROOT.rglob("*.py")):
        file = path.relative_to(ROOT)
        if file.parts[0] in BESIDE or any(part.startswith(".") for part in file.parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, file.as_posix()


def test_no_two_public_classes_share_a_name() -> None:
    """One name, one meaning: who reads a name in a trace or a review knows which class it is."""
    files: dict[str, list[str]] = {}
    for name, file in public_classes():
        files.setdefault(name, []).append(file)

    assert {name: where for name, where in files.items() if len(where) > 1} == {}
