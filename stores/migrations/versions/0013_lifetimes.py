"""When threads were last at work, which classes of data they hold, and who stored a payload."""

from __future__ import annotations

import json
import time

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

CLASSES = "pointsman_thread_classes"
LEASES = "pointsman_leases"
_PORTION = 500


def upgrade() -> None:
    """Take what is known from the audit log and the journal.

    A thread of which neither tells counts as used now: nothing ends too early. Who stored the
    payloads of before nobody knows, so that all is looked through before one is removed.
    """
    op.add_column("pointsman_payloads", sa.Column("held_by", sa.Text()))
    op.add_column(
        LEASES, sa.Column("used_at", sa.Double(), nullable=False, server_default=sa.text("0"))
    )
    table = op.create_table(
        CLASSES,
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("data_class", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("thread_id", "data_class", name=f"{CLASSES}_pk"),
        sqlite_with_rowid=False,
    )
    thread = "substr(name, 8)"
    told = [
        f"(SELECT max(at) FROM {told_in} WHERE thread_id = {thread})"  # noqa: S608
        for told_in in ("pointsman_audit_entries", "pointsman_notes")
    ]
    statement = (
        f"UPDATE {LEASES} SET used_at = coalesce({', '.join(told)}, :now) "  # noqa: S608
        "WHERE name LIKE :threads AND NOT EXISTS (SELECT 1 FROM pointsman_forgettings "
        f"WHERE thread_id = {thread})"
    )
    bind = op.get_bind()
    bind.execute(sa.text(statement), {"now": time.time(), "threads": "thread:%"})
    found = sorted(_classes(bind))
    if found:
        op.bulk_insert(table, [{"thread_id": t, "data_class": c} for t, c in found])


def _classes(bind: sa.Connection) -> set[tuple[str, str]]:
    """Return thread and class of whatever steps and plans have read."""
    found: set[tuple[str, str]] = set()
    for source in ("pointsman_outcomes", "pointsman_notes"):
        query = f"SELECT thread_id, body FROM {source} WHERE body LIKE :named"  # noqa: S608
        rows = bind.execute(sa.text(query), {"named": '%"data_class"%'})
        for thread, body in rows.yield_per(_PORTION):
            held = json.loads(body).get("data_class")
            classes = held if isinstance(held, list) else [held]
            found |= {(thread, each) for each in classes if thread and isinstance(each, str)}
    return found
