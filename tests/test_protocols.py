"""A protocol is a seam: at least two classes stand behind it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from pointsman.docs.rooms import ROOT

Signatures = dict[str, tuple[str, ...]]
"""Method or attribute → the names of its arguments, `self` left out."""


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    """Yield file and class, of the package and its tests: tests bring implementations too."""
    for path in sorted(ROOT.rglob("*.py")):
        file = path.relative_to(ROOT)
        if not any(part.startswith(".") for part in file.parts):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    yield file.as_posix(), node


def is_protocol(found: ast.ClassDef) -> bool:
    """Say whether a class is declared as a protocol."""
    return any(ast.unparse(base).partition("[")[0] == "Protocol" for base in found.bases)


def signatures(found: ast.ClassDef) -> Signatures:
    """Return what a class declares in its own body; a property is an attribute."""
    declared: Signatures = {}
    for node in found.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = (*node.args.args, *node.args.kwonlyargs)
            declared[node.name] = tuple(each.arg for each in arguments)[1:]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            declared[node.target.id] = ()
    return declared


CLASSES = list(classes())
PROTOCOLS = {
    found.name: signatures(found)
    for file, found in CLASSES
    if is_protocol(found) and not file.startswith("tests/")
}
DECLARED = [
    (file, found.name, signatures(found)) for file, found in CLASSES if not is_protocol(found)
]


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
def test_a_protocol_has_two_implementations(protocol: str) -> None:
    """With one, who reads a call has two places to look at and nothing is gained."""
    asked = PROTOCOLS[protocol].items()
    behind = [f"{name} in {file}" for file, name, declared in DECLARED if asked <= declared.items()]

    assert len(behind) > 1, f"only {behind or 'nothing'} implements {protocol}"
