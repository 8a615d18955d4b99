"""VariableName: a setting that names an environment variable and is never the secret itself."""

from __future__ import annotations

import os
import re
from typing import Annotated

from pydantic import AfterValidator

_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")
_RANDOM = 16
"""Letters and digits in a row that no name has between two underscores."""
_LONGEST_WORD = 24
"""Letters in a row that no name has between two underscores."""


def variable_name(value: str) -> str:
    """Return the name of an environment variable, or an empty string, which names none.

    A name that is not set must be in capitals, as is the custom: many keys are letters and digits
    too, in both cases or in small ones.

    Raises:
        ValueError: It looks like a secret or cannot be a name. The message does not repeat it.
    """
    if not value or value in os.environ:
        return value
    if _NAME.fullmatch(value) and not _looks_random(value):
        return value
    raise ValueError(
        "it is not the name of an environment variable, such as SHOP_API_KEY; set a variable to "
        "the secret and name that"
    )


def _looks_random(value: str) -> bool:
    """Say whether a name is rather a key: a part of it is too long for a word."""
    longest = max(value.split("_"), key=len)
    has_digit = any(character.isdigit() for character in longest)
    return len(longest) >= (_RANDOM if has_digit else _LONGEST_WORD)


VariableName = Annotated[str, AfterValidator(variable_name)]
