"""Contract fields, validated wherever they come from: code, metadata or YAML."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..errors import ConfigError
from .contract import ContractOptions

_OPTIONS = TypeAdapter(ContractOptions)


def read_options(value: Any, *, where: str) -> ContractOptions:
    """Validate the fields of a contract that somebody wrote down.

    Raises:
        ConfigError: `where` names the field.
    """
    try:
        return _OPTIONS.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join([where, *(str(part) for part in first["loc"])])
        known = ", ".join(ContractOptions.__annotations__)
        raise ConfigError(first["msg"] + ".", where=path, fix=f"The fields are: {known}.") from None
