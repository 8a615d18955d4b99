"""Placeholders: a text in which a value was to stand, written as other languages write it."""

from __future__ import annotations

import re
from collections.abc import Collection

_NAMED = r"\s*(?P<name>[a-z][a-z0-9_]{0,39})(?:[.\[][^{}\n]{0,200})?(?::[^{}\n]{0,20})?\s*"
_IN_BRACES = re.compile(r"\$?\{\{?" + _NAMED + r"\}\}?")
_AFTER_DOLLAR = re.compile(r"\A\$(?P<name>[a-z][a-z0-9_]{0,39})(?:\.\w{1,40}){0,5}\Z")
_IN_ANGLES = re.compile(r"\A<(?P<name>[a-z][a-z0-9_]{0,39})(?:\.\w{1,40}){1,5}>\Z")


def placeholder(text: str, steps: Collection[str]) -> str:
    """Return what of a literal text names a step's value as a template would; empty for none.

    Args:
        text: A text that is told or passed on as it stands.
        steps: Names that can be read there.
    """
    for pattern in (_IN_BRACES, _AFTER_DOLLAR, _IN_ANGLES):
        for found in pattern.finditer(text):
            if found["name"] in steps:
                return found[0]
    return ""
