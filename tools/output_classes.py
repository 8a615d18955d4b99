"""Which classes of data an output is of, by the tool's contract and by what fields hold."""

from __future__ import annotations

from ..state.values import Json
from .contract import ToolContract
from .readers import EACH


def output_classes(contract: ToolContract, output: Json) -> tuple[str, ...]:
    """Return the classes of an output, or of a failure, whose words may repeat anything.

    Args:
        contract: The tool's contract.
        output: What it returned; `None` where it failed.
    """
    if output is None:
        return tuple(sorted(contract.classes()))
    held = {name for path, name in contract.field_classes.items() if _holds(output, path)}
    return tuple(sorted({contract.data_class, *held} - {""}))


def _holds(value: Json, path: str) -> bool:
    """Say whether anything stands at a path; a list is gone through with `*` or without."""
    if not path:
        return value not in (None, "", [], {})
    part, _, rest = path.partition(".")
    if isinstance(value, list):
        inner = rest if part == EACH else path
        return any(_holds(each, inner) for each in value)
    return isinstance(value, dict) and part in value and _holds(value[part], rest)
