"""Contracts of tools we do not own, written down in YAML.

issue_refund:
  effect: money
  idempotency: key
  consequential: [order, amount]
  amount: amount
search_tickets:
  effect: read
  trust: untrusted
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..state.yaml_text import read_yaml
from .contract import ContractOptions
from .options import read_options


def load_contracts(path: Path) -> dict[str, ContractOptions]:
    """Read contract fields by tool name, for `collect(…, contracts=…)`.

    Raises:
        ConfigError: The file cannot be read, or a field is not valid; `where` names file and field.
    """
    try:
        with path.open(encoding="utf-8") as file:
            value = read_yaml(file.read())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The contracts cannot be read ({type(error).__name__}).",
            where=str(path),
            fix="Give a readable YAML file.",
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"This is not YAML: {error}", where=str(path), fix="Correct the file."
        ) from None
    return read_contracts(value, where=str(path))


def read_contracts(value: Any, *, where: str) -> dict[str, ContractOptions]:
    """Validate contract fields by tool name.

    Raises:
        ConfigError: A field is not valid; `where` names it.
    """
    if not isinstance(value, dict):
        raise ConfigError(
            f"Contracts are a mapping, this is a {type(value).__name__}.",
            where=where,
            fix="Write `tool_name:` and under it fields such as `effect: read`.",
        )
    return {
        str(name): read_options(options, where=f"{where}: {name}")
        for name, options in value.items()
    }
