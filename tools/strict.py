"""JSON Schema validation without leniency: 5.0 is not a whole number, true is not 1."""

from __future__ import annotations

from typing import Any

from jsonschema.validators import extend

from ..state.schemas import BoundedValidator


def _is_integer(_checker: Any, value: object) -> bool:
    # Draft 2020-12 takes 5.0 as an integer; an approval of 5 must not be an approval of 5.0.
    return isinstance(value, int) and not isinstance(value, bool)


STRICT_TYPES = BoundedValidator.TYPE_CHECKER.redefine("integer", _is_integer)

StrictValidator: Any = extend(BoundedValidator, type_checker=STRICT_TYPES)
