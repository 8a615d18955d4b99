"""What the libraries of an MCP session log, without the server's secrets.

At DEBUG they write whole messages, and some warnings quote one: a server that repeats how it was
asked would have its credentials in the log.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Generator, Iterable
from contextlib import contextmanager

from .redaction import Redaction

_LOGGERS = (
    # The session writes to the root; a filter there sees no records of other loggers.
    logging.getLogger(),
    *map(
        logging.getLogger,
        (
            "client",
            "httpcore.connection",
            "httpcore.http11",
            "httpcore.http2",
            "httpx",
            "langchain_mcp_adapters.sessions",
            "mcp.client.stdio",
            "mcp.client.streamable_http",
        ),
    ),
)


@contextmanager
def redacted_logs(secrets: Iterable[str]) -> Generator[None]:
    """Mask values in what is logged inside."""
    hidden = _Hidden(Redaction(secrets))
    for logger in _LOGGERS:
        logger.addFilter(hidden)
    try:
        yield
    finally:
        for logger in _LOGGERS:
            logger.removeFilter(hidden)


class _Hidden(logging.Filter):
    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._redaction(record.getMessage()), ()
        if record.exc_info:
            raised = "".join(traceback.format_exception(*record.exc_info))
            record.exc_text, record.exc_info = self._redaction(raised.rstrip()), None
        return True
