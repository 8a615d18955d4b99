"""An installed copy is whole: setuptools finds no folders by itself under a mapped root."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
NOT_SHIPPED = {"tests", "docs", "build", "dist"}
DATA_ONLY = {"stores/migrations", "stores/migrations/versions"}
"""Alembic's scripts are data: they are run from files and never imported."""


def test_every_folder_with_code_is_a_listed_package() -> None:
    """A new room that is not listed would be missing from an installed copy."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        listed = set(tomllib.load(file)["tool"]["setuptools"]["packages"])
    folders = {
        path.parent.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
        and path.relative_to(ROOT).parts[0] not in NOT_SHIPPED
    }

    found = {f"pointsman.{f.replace('/', '.')}" for f in folders - DATA_ONLY - {"."}}
    assert found | {"pointsman"} == listed
