"""Importing one module does not import the world: each room's `__init__` is light."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = sorted(
    file.parent.relative_to(ROOT).as_posix().replace("/", ".")
    for pattern in ("*/__init__.py", "*/*/__init__.py")
    for file in ROOT.glob(pattern)
    if file.relative_to(ROOT).parts[0] not in ("tests", "build", "dist")
    and not file.relative_to(ROOT).parts[0].startswith(".")
)


def imported(code: str) -> set[str]:
    """Return the modules that a fresh process has imported after some code."""
    told = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys\nprint(json.dumps([*sys.modules]))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(told.stdout.splitlines()[-1]))


def test_rooms_say_what_lives_there_and_import_nothing_heavy() -> None:
    """Importing every room takes next to nothing: no module of ours but the rooms themselves."""
    found = imported("\n".join(f"import pointsman.{room}" for room in ROOMS))

    ours = {name for name in found if name.partition(".")[0] == "pointsman"}
    assert ours == {"pointsman", "pointsman.lazy", *(f"pointsman.{room}" for room in ROOMS)}
    assert not found & {"pydantic", "langchain_core", "langgraph", "sqlalchemy", "typer"}


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_described(room: str) -> None:
    """A room's docstring says more than its name."""
    text = (ROOT / room.replace(".", "/") / "__init__.py").read_text("utf-8")

    assert len(text.split('"""')[1].split()) >= 5


@pytest.mark.parametrize("room", ["", "tools", "stores", "testing"])
def test_public_names_of_rooms_lead_somewhere(room: str) -> None:
    """Each name that a room offers can be imported, and another is an attribute error."""
    package = f"pointsman.{room}".rstrip(".")

    imported(f"import {package} as it\nfor name in it.__all__: getattr(it, name)")
    imported(f"import {package} as it\nassert not hasattr(it, 'no_such_name')")


def test_a_contract_is_imported_without_the_runner() -> None:
    """What a file of tools needs brings neither LangChain nor a database."""
    found = imported("from pointsman import ToolContract")

    assert "pointsman.tools.contract" in found
    assert not found & {"langchain_core", "langgraph", "sqlalchemy", "pointsman.tools.runner"}
