"""The words of four languages that the rules know, as data: one file for each kind of rule."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from ...state.yaml_text import read_yaml


def lexicon(name: str) -> dict[str, Any]:
    """Return the word lists of one file."""
    text = files(__name__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return read_yaml(text)


def any_of(patterns: Sequence[str]) -> str:
    """Return one pattern that matches any of several, the longest first."""
    return "|".join(sorted(patterns, key=len, reverse=True))
