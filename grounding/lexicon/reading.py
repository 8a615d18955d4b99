"""Reading: word lists of one file, and patterns made of them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from ...state.yaml_text import read_yaml


def lexicon(name: str) -> dict[str, Any]:
    """Return the word lists of one file."""
    text = files("pointsman.grounding.lexicon").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return read_yaml(text)


def any_of(patterns: Sequence[str]) -> str:
    """Return one pattern that matches any of several, the longest first.

    None stands in it twice: in a loop, each would double the ways to read the same words.
    """
    return "|".join(sorted(dict.fromkeys(patterns), key=len, reverse=True))
