"""Threads that were forgotten, or are about to be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

FORGETTINGS = "pointsman_forgettings"


def upgrade() -> None:
    """Make the table; nothing was forgotten so far."""
    op.create_table(
        FORGETTINGS,
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double()),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("thread_id", name=f"{FORGETTINGS}_pk"),
        sqlite_with_rowid=False,
    )
