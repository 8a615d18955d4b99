"""Masking what is logged: a filter for handlers, which see the records of every logger."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from ..errors import PointsmanError
from .masker import Masker

UNMASKABLE = "(not written: the key of the pseudonyms cannot be had)"


class MaskingFilter(logging.Filter):
    """Puts pseudonyms into messages, and into tracebacks, before a handler writes them.

    Args:
        masker: What recognises.
        tenant: Whose values they are.
    """

    def __init__(self, masker: Masker, tenant: str = "") -> None:
        super().__init__()
        self._masker = masker
        self._tenant = tenant

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask a record, for this handler and for those that come after it."""
        structured = isinstance(record.msg, dict)  # as structlog hands it on
        said: Any = record.msg if structured else record.getMessage()
        if record.exc_info and record.exc_info[0] is not None:
            raised = "".join(traceback.format_exception(*record.exc_info)).rstrip()
            # In the message: not every formatter writes the text that was made of an exception.
            said = {**said, "exception": raised} if structured else f"{said}\n{raised}"
            record.exc_info = record.exc_text = None
        record.msg, record.args = self._masked(said), ()
        if record.stack_info:
            record.stack_info = self._masked(record.stack_info)
        return True

    def _masked(self, said: Any) -> Any:
        try:
            return self._masker.at("logs", said, tenant=self._tenant)
        except PointsmanError:
            # Whoever logs must not fail, and what cannot be masked must not be written.
            return UNMASKABLE


def filter_handlers(masked: MaskingFilter, *handlers: logging.Handler) -> None:
    """Have handlers write what is masked, each once.

    Args:
        masked: The filter.
        handlers: By default those of the root, and the one that Python takes where there are none.
    """
    last = [logging.lastResort] if logging.lastResort else []
    for handler in handlers or (*logging.getLogger().handlers, *last):
        if not any(isinstance(each, MaskingFilter) for each in handler.filters):
            handler.addFilter(masked)
