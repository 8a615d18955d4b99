"""A tool's output: plain JSON, within its bound, in the form that its schema demands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from jsonschema import ValidationError
from jsonschema.exceptions import best_match

from ..state.values import Json
from .contract import ToolContract
from .plain import NotJsonError, TooLargeError, plain_json
from .strict import StrictValidator

SMALL_BYTES = 16_384
"""Output up to this size is read on the event loop; larger output in a thread."""


class UnusableOutputError(Exception):
    """The call ended, and its output cannot be used.

    Args:
        kind: `output_too_large`, `output_not_json` or `output_schema`.
        message: What was wrong.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


async def read_output(
    contract: ToolContract, output: Any, redact: Callable[[str], str] | None
) -> Json:
    """Return a checked copy of the output, without ever holding up the event loop.

    Raises:
        UnusableOutputError: It is too large, not JSON, or breaks the output schema.
    """
    limit = contract.max_output_bytes
    try:
        return _read(contract, output, min(limit, SMALL_BYTES), redact)
    except TooLargeError:
        if limit <= SMALL_BYTES:
            raise _too_large(contract) from None
    try:
        return await asyncio.to_thread(_read, contract, output, limit, redact)
    except TooLargeError:
        raise _too_large(contract) from None


def _read(
    contract: ToolContract, output: Any, limit: int, redact: Callable[[str], str] | None
) -> Json:
    try:
        copied, _ = plain_json(output, limit=limit, text=redact)
    except NotJsonError as error:
        raise UnusableOutputError("output_not_json", f"The output is not JSON: {error}") from None
    if contract.output_schema is not None:
        _check_schema(contract, copied)
    return copied


def _check_schema(contract: ToolContract, output: Json) -> None:
    validator = StrictValidator(contract.output_schema)
    error = cast("ValidationError | None", best_match(validator.iter_errors(output)))
    if error is not None:
        at = ".".join(str(part) for part in error.absolute_path) or "The output"
        raise UnusableOutputError(
            "output_schema", f"{at} breaks the output schema: {error.message[:500]}"
        )


def _too_large(contract: ToolContract) -> UnusableOutputError:
    return UnusableOutputError(
        "output_too_large", f"The output is larger than {contract.max_output_bytes} bytes."
    )
