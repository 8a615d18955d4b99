"""Who reads the trace of another person's run sees pseudonyms."""

from __future__ import annotations

from pointsman.masking.masker import Masker
from pointsman.masking.settings import MaskingSettings
from pointsman.runs.masked_trace import shown_to
from pointsman.runs.trace import RunTrace, Trace
from pointsman.state.run import Principal, Run
from pointsman.state.task import Task
from pointsman.stores.records import AuditEntry

ANA = Principal(id="ana@example.org", tenant="acme")
MAIL = "bob@example.net"
KEPT = Masker(MaskingSettings(), lambda: b"k" * 32)


def found() -> Trace:
    """Return the trace of a run of Ana's."""
    run = Run(id="r1", thread_id="t", turn=1, started_at=1.0, principal=ANA)
    entry = AuditEntry(
        seq=1, at=1.0, kind="x", thread_id="t", run_id="r1", actor="ana", body={"said": MAIL}
    )
    return Trace(
        thread="t",
        status="finished",
        runs=(RunTrace(run=run, task=Task(text=f"Write to {MAIL}.")),),
        audit=(entry,),
    )


def test_whose_run_it_is_reads_the_values() -> None:
    """They are their own."""
    assert shown_to(found(), ANA, KEPT) == found()


def test_anybody_else_reads_pseudonyms() -> None:
    """Also somebody of the same name elsewhere."""
    for reader in (Principal(id="eve", tenant="acme"), Principal(id=ANA.id, tenant="other")):
        text = shown_to(found(), reader, KEPT).model_dump_json()
        assert MAIL not in text
        assert "Write to <email:" in text
        assert '"said":"<email:' in text


def test_what_is_not_named_is_shown() -> None:
    """A tenant may want no masks here."""
    bare = Masker(MaskingSettings(exports=()), lambda: b"k" * 32)
    assert shown_to(found(), Principal(id="eve"), bare) == found()
