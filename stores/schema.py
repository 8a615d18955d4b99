"""The tables. A change here needs a migration in `migrations/versions` and a new `VERSION`."""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    event,
    text,
)

from .columns import AnyText, JsonText, Sequential

VERSION = "0014"
"""Revision of the newest migration. Revisions are numbers, so that a newer one is recognised."""

VERSION_TABLE = "pointsman_version"

# Without row numbers, the table is its own index: each index takes a page even while it is empty.
# The prefix lets the store share a PostgreSQL database with the application and the checkpointer.
METADATA = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "uq": "%(table_name)s_%(column_0_N_name)s_uq",
        "ix": "%(table_name)s_%(column_0_N_name)s_ix",
        "fk": "%(table_name)s_%(column_0_N_name)s_fk",
        "ck": "%(table_name)s_%(constraint_name)s_ck",
    }
)

version = Table(
    VERSION_TABLE,
    METADATA,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),  # as Alembic makes it
)

payloads = Table(
    "pointsman_payloads",
    METADATA,
    Column("digest", AnyText, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("media_type", AnyText),  # NULL: a JSON value, compressed where it is large
)

outcomes = Table(
    "pointsman_outcomes",
    METADATA,
    Column("seq", Sequential, primary_key=True),
    Column("run_id", AnyText, nullable=False),
    Column("thread_id", AnyText, nullable=False),
    Column("plan_version", Integer, nullable=False),
    Column("step", AnyText, nullable=False),
    Column("body", JsonText, nullable=False),  # without `output` where that is a payload
    Column("output_digest", AnyText, ForeignKey("pointsman_payloads.digest")),
    Column("bound", AnyText, nullable=False, server_default=""),  # digest of step and inputs
    UniqueConstraint("run_id", "plan_version", "step", "bound"),
)

notes = Table(
    "pointsman_notes",
    METADATA,
    Column("seq", Sequential, primary_key=True),
    Column("run_id", AnyText, nullable=False),
    Column("thread_id", AnyText, nullable=False),
    Column("kind", AnyText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", JsonText, nullable=False),
    Column("at", Double, nullable=False),
    UniqueConstraint("run_id", "kind", "version"),
    Index(None, "thread_id"),
)

effects = Table(
    "pointsman_effects",
    METADATA,
    Column("seq", Sequential, primary_key=True),
    Column("key", AnyText, nullable=False, unique=True),
    Column("run_id", AnyText, nullable=False, index=True),
    Column("thread_id", AnyText, nullable=False),
    Column("step", AnyText, nullable=False),
    Column("tool", AnyText, nullable=False),
    Column("args_digest", AnyText, nullable=False),
    Column("effect", String, nullable=False),
    Column("idempotency", String, nullable=False),
    Column("state", String, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("owner", AnyText, nullable=False),
    Column("lease_expires_at", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("output", JsonText),  # a short output; a longer one is a payload
    Column("output_digest", AnyText, ForeignKey("pointsman_payloads.digest")),
    Column("error", AnyText, nullable=False),
    Column("note", AnyText, nullable=False),
    Column("claimed_at", Double, nullable=False),
    Column("settled_at", Double),
)

business_keys = Table(
    "pointsman_business_keys",
    METADATA,
    Column("digest", AnyText, primary_key=True),
    Column("effect_key", AnyText, nullable=False),  # the call that has it, or had it and failed
)

approvals = Table(
    "pointsman_approvals",
    METADATA,
    Column("seq", Sequential, primary_key=True),
    Column("id", AnyText, nullable=False, unique=True),
    Column("run_id", AnyText, nullable=False),
    Column("thread_id", AnyText, nullable=False, index=True),
    Column("round", Integer, nullable=False),  # grows when an expired request is asked again
    Column("status", String, nullable=False, index=True),
    Column("request", JsonText, nullable=False),
    Column("expires_at", Double),  # of one that was withdrawn, when
    Column("reason", AnyText, nullable=False),
)

decisions = Table(
    "pointsman_decisions",
    METADATA,
    Column("seq", Sequential, primary_key=True),
    Column("approval_id", AnyText, ForeignKey("pointsman_approvals.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("approver", AnyText, nullable=False),
    Column("body", JsonText, nullable=False),
    UniqueConstraint("approval_id", "round", "approver"),
)

endorsements = Table(
    "pointsman_endorsements",
    METADATA,
    Column("seq", Sequential, primary_key=True),
    Column("id", AnyText, nullable=False, unique=True),
    Column("digest", AnyText, nullable=False, index=True),  # of the value
    Column("tenant", AnyText, nullable=False),
    Column("approval_id", AnyText, nullable=False, index=True),  # empty: given by itself
    Column("expires_at", Double),
    Column("body", JsonText, nullable=False),
    Column("revocation", JsonText),  # NULL: in force until it expires
)

grants = Table(
    "pointsman_grants",
    METADATA,
    Column("seq", Sequential, primary_key=True),
    Column("id", AnyText, nullable=False, unique=True),
    Column("tool", AnyText, nullable=False, index=True),
    Column("tenant", AnyText, nullable=False),
    Column("uses", BigInteger),  # NULL: any number
    Column("until", Double),
    Column("body", JsonText, nullable=False),
    Column("revocation", JsonText),  # NULL: in force until it ends
    Column("approval_id", AnyText, index=True),  # NULL: given by itself
)

grant_uses = Table(
    "pointsman_grant_uses",
    METADATA,
    Column("effect_key", AnyText, primary_key=True),  # an effect that has not failed is one use
    Column("grant_id", AnyText, nullable=False, index=True),
    sqlite_with_rowid=False,
)

# The one chain of earlier releases. It is closed: nothing is written here any more.
older_audit = Table(
    "pointsman_audit",
    METADATA,
    Column("seq", Sequential, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("kind", AnyText, nullable=False),
    Column("thread_id", AnyText, nullable=False, index=True),
    Column("run_id", AnyText, nullable=False),
    Column("actor", AnyText, nullable=False),
    Column("body", JsonText, nullable=False),
    Column("previous", AnyText, nullable=False),
    Column("hash", AnyText, nullable=False),
)

older_audit_head = Table(
    "pointsman_audit_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", AnyText, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

audit_entries = Table(
    "pointsman_audit_entries",
    METADATA,
    Column("number", Sequential, primary_key=True),  # over all chains, for lists; in no hash
    Column("tenant", AnyText, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", Double, nullable=False),
    Column("kind", AnyText, nullable=False),
    Column("thread_id", AnyText, nullable=False, index=True),
    Column("run_id", AnyText, nullable=False),
    Column("commitment", AnyText, nullable=False),
    Column("previous", AnyText, nullable=False),
    Column("hash", AnyText, nullable=False),
    UniqueConstraint("tenant", "seq"),
)

# Apart, so that a body can be removed and the chain still holds.
audit_bodies = Table(
    "pointsman_audit_bodies",
    METADATA,
    Column("tenant", AnyText, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("salt", LargeBinary, nullable=False),
    Column("actor", AnyText, nullable=False),
    Column("body", JsonText, nullable=False),
    sqlite_with_rowid=False,
)

audit_heads = Table(
    "pointsman_audit_heads",
    METADATA,
    Column("tenant", AnyText, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", AnyText, nullable=False),
    sqlite_with_rowid=False,
)

attempts = Table(
    "pointsman_attempts",
    METADATA,
    Column("seq", Sequential, primary_key=True),
    Column("run_id", AnyText, nullable=False),
    Column("id", AnyText, nullable=False),
    Column("body", JsonText, nullable=False),
    UniqueConstraint("run_id", "id"),
)

# Money is in billionths of a US dollar: integers add up without drift.
balances = Table(
    "pointsman_balances",
    METADATA,
    Column("scope", String, primary_key=True),
    Column("key", AnyText, primary_key=True),
    Column("spent_nano", BigInteger, nullable=False),
    Column("reserved_nano", BigInteger, nullable=False),
    Column("spent_tokens", BigInteger, nullable=False),
    Column("reserved_tokens", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

reservations = Table(
    "pointsman_reservations",
    METADATA,
    Column("id", AnyText, primary_key=True),
    Column("nano", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("state", String, nullable=False),  # `held`, or `lapsed`: counted as spent
    sqlite_with_rowid=False,
)

reservation_caps = Table(
    "pointsman_reservation_caps",
    METADATA,
    Column(
        "reservation_id",
        AnyText,
        ForeignKey("pointsman_reservations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("scope", String, primary_key=True),
    Column("key", AnyText, primary_key=True),
    ForeignKeyConstraint(["scope", "key"], ["pointsman_balances.scope", "pointsman_balances.key"]),
    sqlite_with_rowid=False,
)

seen_shapes = Table(
    "pointsman_seen_shapes",
    METADATA,
    Column("tenant", AnyText, primary_key=True),
    Column("tool", AnyText, primary_key=True),
    Column("principal", AnyText, primary_key=True),  # digest of whom the calls were made for
    Column("shape", JsonText, nullable=False),  # JSON schema of their outputs, without values
    Column("at", Double, nullable=False),
    sqlite_with_rowid=False,
)

switches = Table(
    "pointsman_switches",
    METADATA,
    Column("kind", String, primary_key=True),
    Column("target", AnyText, primary_key=True),
    Column("reason", AnyText, nullable=False),
    Column("actor", AnyText, nullable=False),
    Column("at", Double, nullable=False),
    sqlite_with_rowid=False,
)

leases = Table(
    "pointsman_leases",
    METADATA,
    Column("name", AnyText, primary_key=True),
    Column("owner", AnyText, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("used_at", Double, nullable=False, server_default=text("0")),  # 0: of nothing that ages
    sqlite_with_rowid=False,
)

# Every thread that ever ran keeps its row; those that are held are few. An `Index` that says so
# loads both databases' dialects, which is a seventh of what a short command imports.
event.listen(
    leases,
    "after_create",
    DDL("CREATE INDEX pointsman_leases_held_ix ON pointsman_leases (name) WHERE owner <> ''"),
)

tasks = Table(
    "pointsman_tasks",
    METADATA,
    Column("seq", Sequential, primary_key=True),
    Column("thread_id", AnyText, nullable=False),
    Column("message_id", AnyText, nullable=False),
    Column("given_digest", AnyText, ForeignKey("pointsman_payloads.digest"), nullable=False),
    Column("asked_by", JsonText, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("asked_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("state", String, nullable=False),
    Column("run_id", AnyText, nullable=False),
    Column("answer_digest", AnyText, ForeignKey("pointsman_payloads.digest")),
    Column("error", JsonText),
    Column("ended_at", Double),
    UniqueConstraint("thread_id", "message_id"),
)

# Threads that somebody should look at, each once; what there is to do stands elsewhere.
wakes = Table(
    "pointsman_wakes",
    METADATA,
    Column("thread_id", AnyText, primary_key=True),
    Column("tenant", AnyText, nullable=False),
    Column("rank", Integer, nullable=False),  # the priority, negative: the first come first
    Column("due_at", Double, nullable=False),
    Column("number", BigInteger, nullable=False),  # grows with each reason to look
    Column("taken_by", AnyText, nullable=False),
    Column("taken_until", Double, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
    Index(None, "rank", "due_at"),
    sqlite_with_rowid=False,
)

# How often something may be done, as the moment at which its bucket of tokens is full again.
rates = Table(
    "pointsman_rates",
    METADATA,
    Column("name", AnyText, primary_key=True),
    Column("full_at", Double, nullable=False),
    sqlite_with_rowid=False,
)

# A thread that stands here is not begun anew: its runs and calls would be those of before.
forgettings = Table(
    "pointsman_forgettings",
    METADATA,
    Column("thread_id", AnyText, primary_key=True),
    Column("begun_at", Double, nullable=False),
    Column("ended_at", Double),  # NULL: it is not finished
    Column("receipt", JsonText, nullable=False),  # of what was removed so far
    sqlite_with_rowid=False,
)

# Classes of the data that a thread holds, in whichever of its forks and turns.
thread_classes = Table(
    "pointsman_thread_classes",
    METADATA,
    Column("thread_id", AnyText, primary_key=True),
    Column("data_class", AnyText, primary_key=True),
    sqlite_with_rowid=False,
)

# Which threads and runs have stored a payload: what others have stored, a forgetting leaves.
payload_holders = Table(
    "pointsman_payload_holders",
    METADATA,
    Column("digest", AnyText, primary_key=True),
    Column("holder", AnyText, primary_key=True),  # empty: whoever it was before this was noted
    sqlite_with_rowid=False,
)
