"""A tool's output: plain JSON, within its bound, in the form that its schema demands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ..state.schemas import MAX_STEPS, TooMuchWorkError, first_error, validator_for
from ..state.values import Json, carried
from .contract import ToolContract
from .plain import SMALL_BYTES, NotJsonError, TooLargeError, plain_json
from .strict import StrictValidator
from .written import as_written

SMALL_STEPS = 500
"""Keywords evaluated for small output on the event loop before a thread takes over."""


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
        return _read(contract, output, min(limit, SMALL_BYTES), redact, SMALL_STEPS)
    except (TooLargeError, TooMuchWorkError):
        pass
    try:
        return await asyncio.to_thread(_read, contract, output, limit, redact, MAX_STEPS)
    except TooLargeError:
        raise _too_large(contract) from None
    except TooMuchWorkError:
        raise UnusableOutputError(
            "output_schema", "The output is too much to be checked against its schema."
        ) from None


def _read(
    contract: ToolContract, output: Any, limit: int, redact: Callable[[str], str] | None, steps: int
) -> Json:
    try:
        copied, _ = plain_json(output, limit=limit, text=redact, other=as_written)
    except NotJsonError as error:
        raise UnusableOutputError("output_not_json", f"The output is not JSON: {error}") from None
    except RecursionError:
        raise UnusableOutputError("output_not_json", "The output is nested too deeply.") from None
    except TooLargeError:
        raise
    except Exception as error:  # noqa: BLE001 - foreign code: a subclass of dict or list may do anything
        raise UnusableOutputError(
            "output_not_json", f"The output cannot be read: it raised {type(error).__name__}."
        ) from None
    if contract.output_schema is not None:
        _check_schema(contract, copied, steps)
    return carried(copied)


def _check_schema(contract: ToolContract, output: Json, steps: int) -> None:
    validator = validator_for(contract.output_schema, StrictValidator)
    error = first_error(validator, output, steps=steps)
    if error is not None:
        at = ".".join(str(part) for part in error.absolute_path) or "The output"
        raise UnusableOutputError(
            "output_schema", f"{at} breaks the output schema: {error.message[:500]}"
        )


def _too_large(contract: ToolContract) -> UnusableOutputError:
    return UnusableOutputError(
        "output_too_large", f"The output is larger than {contract.max_output_bytes} bytes."
    )
