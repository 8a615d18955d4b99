"""The public surface is a list, and the list is true."""

from __future__ import annotations

import ast
import re
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


def test_a_type_statement_names_something_too() -> None:
    """All three ways of naming a type are seen, and constants and type variables are not."""
    code = 'Reply = str | None\nReader: TypeAlias = object\nT = TypeVar("T")\nMOST = 3\n'
    assert list(defined(ast.parse(code))) == ["Reply", "Reader"]

    if sys.version_info >= (3, 12):
        assert list(defined(ast.parse("type Writer = str"))) == ["Writer"]


VARIABLES = {"TypeVar", "ParamSpec", "TypeVarTuple"}


def defined(module: ast.Module) -> Iterator[str]:
    """Yield the classes of a module, nested ones too, and the types that it names otherwise."""
    yield from (node.name for node in ast.walk(module) if isinstance(node, ast.ClassDef))
    for node in module.body:
        match node:
            case ast.Assign(value=ast.Call(func=ast.Name(id=maker))) if maker in VARIABLES:
                continue
            case ast.Assign(targets=targets):
                named = targets
            case ast.AnnAssign(target=target):
                named = [target]
            case _ if type(node).__name__ == "TypeAlias":
                named = [getattr(node, "name")]  # noqa: B009 - Python 3.11 has no such node
            case _:
                continue
        for target in named:
            if isinstance(target, ast.Name) and re.fullmatch(r"[A-Z]\w*[a-z]\w*", target.id):
                yield target.id


def types() -> Iterator[tuple[str, str]]:
    """Yield the name and the file of every class and named type of the package."""
    for path in sorted(ROOT.rglob("*.py")):
        file = path.relative_to(ROOT)
        if file.parts[0] in BESIDE or any(part.startswith(".") for part in file.parts):
            continue
        for name in defined(ast.parse(path.read_text(encoding="utf-8"))):
            yield name, file.as_posix()


def test_no_two_public_types_share_a_name() -> None:
    """One name, one meaning: who reads a name in a trace or a review knows which type it is."""
    files: dict[str, list[str]] = {}
    for name, file in types():
        if not name.startswith("_"):
            files.setdefault(name, []).append(file)

    assert {name: where for name, where in files.items() if len(where) > 1} == {}


def test_no_private_type_takes_the_name_of_a_public_one() -> None:
    """A name means the same with its underscore, or it is another name."""
    every = set(types())
    public = {name for name, _ in every if not name.startswith("_")}

    assert {one for one in every if one[0].startswith("_") and one[0][1:] in public} == set()
