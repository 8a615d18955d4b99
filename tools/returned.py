"""What a function's return annotation says of its output, as a JSON schema.

No output is held to it: it tells planners what comes back. An `output_schema` does both.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

from pydantic import PydanticUserError, TypeAdapter

from ..state.shapes import ANY, shape_of
from ..state.values import JsonObject


def annotated_return(function: Callable[..., Any]) -> JsonObject | None:
    """Return the schema of what a function says that it returns; `None` if it does not say."""
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError, AttributeError):
        return None  # It names what only type checkers import, or has no annotations.
    return returned_schema(hints.get("return", Any))


def returned_schema(annotation: Any) -> JsonObject | None:
    """Return the schema of an annotated output in the form in which outputs are written.

    Args:
        annotation: A type, such as `list[Order]`, `dict[str, float]` or `Order | None`.

    Returns:
        The schema; `None` where the type says nothing of what comes back.
    """
    try:
        # By name, not alias: so a model's fields are written.
        schema = TypeAdapter(annotation).json_schema(mode="serialization", by_alias=False)
    except PydanticUserError:
        return None  # JSON has no form for the type, though it may have one for its values.
    return None if shape_of(schema) == ANY else schema
