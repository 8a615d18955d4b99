"""VariableName: a setting that names an environment variable and is never the secret itself."""

from __future__ import annotations

import os
import re
from typing import Annotated

from pydantic import AfterValidator

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_RANDOM = 16
"""Letters and digits in a row that no name has between two underscores."""


def variable_name(value: str) -> str:
    """Return the name of an environment variable, or an empty string, which names none.

    Raises:
        ValueError: It looks like a secret or cannot be a name. The message does not repeat it.
    """
    if not value or value in os.environ:
        return value
    if _NAME.fullmatch(value) and not _looks_random(value):
        return value
    raise ValueError(
        "it is not the name of an environment variable; set a variable to the secret and name that"
    )


def _looks_random(value: str) -> bool:
    """Say whether a name is rather a key: keys mix cases, or have digits in a long part."""
    mixed = value not in (value.upper(), value.lower())
    has_digit = any(character.isdigit() for character in value)
    longest = max(value.split("_"), key=len)
    return has_digit and (
        (mixed and len(value) >= _RANDOM)
        or (len(longest) >= _RANDOM and any(character.isdigit() for character in longest))
    )


VariableName = Annotated[str, AfterValidator(variable_name)]
