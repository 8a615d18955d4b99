"""State is packed and unpacked at one door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKING = frozenset({"from_json", "to_json", "model_validate", "model_dump", "model_dump_json"})
STATE = frozenset(
    {"Run", "Task", "Attachment", "Plan", "Step", "StepResult", "Attempt", "Answer", "Stop"}
)


def packing(file: Path) -> Iterator[tuple[str, str]]:
    """Yield what is packed or unpacked, and by which method."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr in PACKING:
            yield ast.unparse(node.value), node.attr


@pytest.mark.parametrize("file", sorted((ROOT / "nodes").glob("*.py")), ids=lambda f: f.name)
def test_nodes_pack_and_unpack_nothing(file: Path) -> None:
    """They take a view and return an update."""
    assert not list(packing(file))


@pytest.mark.parametrize("room", ["cli", "evals", "server"])
def test_faces_read_state_through_the_view(room: str) -> None:
    """What they show they may pack; what a checkpoint holds they do not unpack."""
    found = [
        (file.name, name, method)
        for file in (ROOT / room).rglob("*.py")
        for name, method in packing(file)
        if name in STATE and method in ("from_json", "model_validate")
    ]

    assert not found


def test_nodes_holds_nodes_only() -> None:
    """One node a file."""
    names = {file.stem for file in (ROOT / "nodes").glob("*.py")} - {"__init__"}

    assert names == {
        "normalize",
        "plan",
        "revise",
        "route",
        "act",
        "verify",
        "interim",
        "gate",
        "synthesize",
        "take_up",
    }
