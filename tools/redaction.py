"""Keeping credentials out of what a tool returns and says."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from urllib.parse import quote

MASK = "[credential]"
_SHORTEST = 4


class Redaction:
    """Replaces exact values, and their URL-quoted and base64 forms, in text.

    Values of fewer than four characters are let pass: they would occur everywhere.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for value in secrets if len(value) >= _SHORTEST for form in _forms(value)}
        # The longest first, so that a value inside another does not leave the rest behind.
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return the text without the values."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text

    def __bool__(self) -> bool:
        return bool(self._forms)

    def __repr__(self) -> str:
        return f"Redaction({len(self._forms)} forms)"


def _forms(value: str) -> set[str]:
    encoded = base64.b64encode(value.encode()).decode()
    return {value, quote(value, safe=""), encoded, encoded.rstrip("=")}
