"""A chain of the audit log for each tenant; the one chain of before is closed."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

OLDER = "pointsman_audit_head"
ENTRIES = "pointsman_audit_entries"
BODIES = "pointsman_audit_bodies"
HEADS = "pointsman_audit_heads"


def upgrade() -> None:
    """Make the tables; the first entry of the operators' chain says where the older one ended."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    entries = op.create_table(
        ENTRIES,
        sa.Column("number", number, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=f"{ENTRIES}_pk"),
        sa.UniqueConstraint("tenant", "seq", name=f"{ENTRIES}_tenant_seq_uq"),
    )
    op.create_index(f"{ENTRIES}_thread_id_ix", ENTRIES, ["thread_id"])
    bodies = op.create_table(
        BODIES,
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "seq", name=f"{BODIES}_pk"),
        sqlite_with_rowid=False,
    )
    heads = op.create_table(
        HEADS,
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=f"{HEADS}_pk"),
        sqlite_with_rowid=False,
    )
    older = op.get_bind().execute(sa.text(f"SELECT seq, hash FROM {OLDER}")).one_or_none()  # noqa: S608
    if older is not None and older.seq:
        entry, body = _closing(older.seq, older.hash)
        op.bulk_insert(entries, [entry])
        op.bulk_insert(bodies, [body])
        op.bulk_insert(heads, [{key: entry[key] for key in ("tenant", "seq", "hash")}])


def _closing(length: int, last: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the entry that closes the older chain, as this release hashes it."""
    body, salt = {"entries": length, "hash": last}, secrets.token_bytes(32)
    entry = {
        "tenant": "",
        "seq": 1,
        "at": time.time(),
        "kind": "older_log_closed",
        "thread_id": "",
        "run_id": "",
        "commitment": _digest(salt + _canonical(["", body])),
    }
    facts = _digest(_canonical(["pointsman audit entry", *entry.values()]))
    entry |= {"previous": "", "hash": _digest(f"pointsman audit chain\n\n{facts}".encode())}
    return entry, {"tenant": "", "seq": 1, "salt": salt, "actor": "", "body": json.dumps(body)}


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
