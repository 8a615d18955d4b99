"""String formats that arguments are held to."""

from __future__ import annotations

import re
from datetime import datetime, time
from urllib.parse import urlsplit

from jsonschema import FormatChecker

FORMATS = FormatChecker()
"""jsonschema's own formats, with stricter forms of those that decide where something goes."""

# A line break or a comma in an address would add a header or a second recipient.
_EMAIL = re.compile(r"[^@\s,;<>\"\x00-\x1f]+@[^@\s,;<>\"\x00-\x1f]+")


@FORMATS.checks("email")
def _is_email(value: object) -> bool:
    return not isinstance(value, str) or _EMAIL.fullmatch(value) is not None


@FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("uri", raises=ValueError)
def _is_uri(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return bool(urlsplit(value).scheme) and not re.search(r"[\s\x00-\x1f]", value)


TYPED_FORMATS = FormatChecker()
"""Formats of arguments that Python types read afterwards. A `datetime` is one without an offset
too, as `datetime.now` makes it, and a type that wants the offset refuses it itself."""
TYPED_FORMATS.checkers = {**FORMATS.checkers}


@TYPED_FORMATS.checks("date-time", raises=ValueError)
def _is_any_date_time(value: object) -> bool:
    if isinstance(value, str):
        datetime.fromisoformat(value)
    return True


@TYPED_FORMATS.checks("time", raises=ValueError)
def _is_any_time(value: object) -> bool:
    if isinstance(value, str):
        time.fromisoformat(value)
    return True
