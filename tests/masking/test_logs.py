"""What is logged is masked: messages, arguments, tracebacks, of every logger below a handler."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from pointsman.errors import CredentialError
from pointsman.masking.logs import UNMASKABLE, MaskingFilter, filter_handlers
from pointsman.masking.masker import Masker
from pointsman.masking.settings import MaskingSettings

PASSWORD = "hunter2!x"


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, logging.Handler, io.StringIO]]:
    """A logger below another one that has the handler."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    above = logging.getLogger("above")
    above.addHandler(handler)
    yield logging.getLogger("above.below"), handler, written
    above.removeHandler(handler)


def masking_filter(key: bytes = b"k" * 32, **settings: object) -> MaskingFilter:
    """Return a filter with a key."""
    return MaskingFilter(Masker(MaskingSettings.model_validate(settings), lambda: key))


def test_messages_arguments_and_tracebacks_are_masked(
    log: tuple[logging.Logger, logging.Handler, io.StringIO],
) -> None:
    """Wherever the value stands in the record."""
    logger, handler, written = log
    filter_handlers(masking_filter(), handler)
    logger.warning("%s has the card %d", "ana@example.org", 4111111111111111)
    try:
        raise ValueError("no account for bob@example.org")
    except ValueError:
        logger.exception("password: %s", PASSWORD, stack_info=True)
    text = written.getvalue()
    assert "<email:" in text
    assert "<card:" in text
    assert "ValueError: no account for <email:" in text
    assert not any(value in text for value in ("ana@", "bob@", "4111111111111111", "hunter2"))


def test_a_structured_message_keeps_its_form(
    log: tuple[logging.Logger, logging.Handler, io.StringIO],
) -> None:
    """As structlog hands it to the handlers of the standard library."""
    _, handler, _ = log
    filter_handlers(masking_filter(), handler)
    record = logging.makeLogRecord({"msg": {"event": "sent", "to": "ana@example.org", "n": 3}})
    assert handler.filter(record)
    assert isinstance(record.msg, dict)
    assert record.msg["n"] == 3
    assert record.msg["to"].startswith("<email:")


def test_a_structured_message_keeps_its_traceback(
    log: tuple[logging.Logger, logging.Handler, io.StringIO],
) -> None:
    """Where structlog's formatter finds it, and no other handler writes it raw."""
    _, handler, _ = log
    filter_handlers(masking_filter(), handler)
    try:
        raise ValueError("no account for bob@example.org")
    except ValueError as error:
        raised = (ValueError, error, error.__traceback__)
    record = logging.makeLogRecord({"msg": {"event": "sent"}, "exc_info": raised})

    assert handler.filter(record)

    assert isinstance(record.msg, dict)
    assert "ValueError: no account for <email:" in record.msg["exception"]
    assert record.exc_info is record.exc_text is None


def test_a_handler_is_filtered_once(
    log: tuple[logging.Logger, logging.Handler, io.StringIO],
) -> None:
    """Two agents of one process do not mask twice."""
    _, handler, _ = log
    filter_handlers(masking_filter(), handler)
    filter_handlers(masking_filter(), handler)
    assert len(handler.filters) == 1


def test_only_what_the_settings_name_is_masked(
    log: tuple[logging.Logger, logging.Handler, io.StringIO],
) -> None:
    """A tenant may want addresses in its logs, and no secrets."""
    logger, handler, written = log
    filter_handlers(masking_filter(logs=["secrets"]), handler)
    logger.warning("ana@example.org password=hunter2!x")
    assert written.getvalue().startswith("ana@example.org password=<secret:")


def test_without_a_key_nothing_is_written_and_nobody_fails(
    log: tuple[logging.Logger, logging.Handler, io.StringIO],
) -> None:
    """Logging is no place to raise, and no reason to write a value."""

    def none() -> bytes:
        raise CredentialError("It is not set.", where="MASKING_KEY")

    logger, handler, written = log
    filter_handlers(MaskingFilter(Masker(MaskingSettings(), none)), handler)
    logger.warning("ana@example.org")
    logger.warning("nothing to mask")
    assert written.getvalue() == f"{UNMASKABLE}\nnothing to mask\n"
