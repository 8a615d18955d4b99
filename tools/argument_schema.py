"""The JSON schema of arguments that a type reads: what pydantic says of it, made true."""

from __future__ import annotations

import base64
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from ..state.provenance import leaves
from .canonical import UnwritableError, written

_MASKED = "**********"
"""What pydantic writes in a secret's place."""
_ENCODED = {"base64": base64.b64encode, "base64url": base64.urlsafe_b64encode}


class ArgumentSchema(GenerateJsonSchema):
    """Names what can be given, and each default as it would be given."""

    def field_is_present(self, field: Any) -> bool:
        """Leave out what a dataclass gives itself (`field(init=False)`): it refuses to be given."""
        return field.get("init") is not False and super().field_is_present(field)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave out a default that is secret or no JSON, and write base64 as it is read."""
        made = super().default_schema(schema)
        default = made.get("default")
        masked = any(leaf == _MASKED for _, leaf in leaves(default, ""))
        if masked or not _is_writable(schema.get("default")):
            return {key: value for key, value in made.items() if key != "default"}
        encode = _ENCODED.get(str(made.get("format")))
        if encode is None or not isinstance(default, str):
            return made
        return {**made, "default": encode(default.encode()).decode()}


def _is_writable(default: Any) -> bool:
    """Whether a default can be given as it is; infinity comes by its absence alone."""
    try:
        written(default)
    except UnwritableError:
        return False
    return True
