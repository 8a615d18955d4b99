"""Print which installed packages have another version than constraints.txt names."""

from __future__ import annotations

import re
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent


def tested(text: str) -> dict[str, str]:
    """Return the versions that a constraints file names, by normalized name."""
    return {_normal(name): version for name, version in re.findall(r"(?m)^([\w.-]+)==(\S+)$", text)}


def changed(tested: dict[str, str], installed: dict[str, str]) -> list[str]:
    """Return a line for each package that is in both with different versions."""
    both = sorted(tested.keys() & installed.keys())
    return [f"{n} {tested[n]} -> {installed[n]}" for n in both if tested[n] != installed[n]]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    found = {_normal(one.name): one.version for one in distributions()}
    known = tested((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    print(*(changed(known, found) or ["nothing is newer than constraints.txt"]), sep="\n")
