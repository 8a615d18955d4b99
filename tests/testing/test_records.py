"""The gateway's records say how each exchange ended."""

from __future__ import annotations

import time

from pointsman.testing.records import RecordMeter, RequestLog, RequestRecord


def arriving(number: int) -> RequestRecord:
    """Return the record of a request that has just arrived."""
    return RequestRecord(
        number=number,
        method="POST",
        path="/v1/chat/completions",
        endpoint="chat",
        model="m",
        stream=True,
        body={},
        headers={},
        started_at=time.time(),
    )


def test_an_outcome_that_was_told_stays() -> None:
    """Whoever saw a reply cut may stop the gateway at once: the record does not change."""
    log = RequestLog({})
    meter = RecordMeter(log, log.open(arriving))
    meter.end("cut")
    [seen] = log.all()

    meter.end("stopped")

    assert log.all() == (seen,)
    assert seen.outcome == "cut"
