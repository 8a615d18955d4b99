"""Tasks that were asked for, threads to look at, and an index of the leases that are held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TASKS = "pointsman_tasks"
WAKES = "pointsman_wakes"
LEASES = "pointsman_leases"
PAYLOAD = "pointsman_payloads.digest"


def upgrade() -> None:
    """Make tables and index; nothing was asked for before."""
    op.create_table(
        TASKS,
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("given_digest", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("answer_digest", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("ended_at", sa.Double()),
        sa.PrimaryKeyConstraint("seq", name=f"{TASKS}_pk"),
        sa.ForeignKeyConstraint(["given_digest"], [PAYLOAD], name=f"{TASKS}_given_digest_fk"),
        sa.ForeignKeyConstraint(["answer_digest"], [PAYLOAD], name=f"{TASKS}_answer_digest_fk"),
        sa.UniqueConstraint("thread_id", "message_id", name=f"{TASKS}_thread_id_message_id_uq"),
    )
    op.create_table(
        WAKES,
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False),
        sa.Column("taken_until", sa.Double(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("thread_id", name=f"{WAKES}_pk"),
        sqlite_with_rowid=False,
    )
    op.create_index(f"{WAKES}_rank_due_at_ix", WAKES, ["rank", "due_at"])
    held = sa.text("owner <> ''")
    op.create_index(f"{LEASES}_held_ix", LEASES, ["name"], sqlite_where=held, postgresql_where=held)
