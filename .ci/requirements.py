"""Print what pyproject.toml asks for, extras included, without upper bounds."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def requirements(project: dict[str, object]) -> list[str]:
    """Return what a project table and its extras ask for, each with its lower bound alone."""
    extras = project["optional-dependencies"]
    assert isinstance(extras, dict)  # noqa: S101 - the table's form is pyproject's
    groups = [project["dependencies"], *extras.values()]
    found = {line for group in groups for line in group if not line.startswith("pointsman[")}
    return sorted(re.sub(r",?<[^,]*", "", line) for line in found)


if __name__ == "__main__":
    with (ROOT / "pyproject.toml").open("rb") as file:
        print(*requirements(tomllib.load(file)["project"]), sep="\n")
