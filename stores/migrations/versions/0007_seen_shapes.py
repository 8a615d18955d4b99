"""Seen shapes: what outputs of tools looked like, by tenant, tool and principal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

SHAPES = "pointsman_seen_shapes"


def upgrade() -> None:
    """Make the table; no output was looked at before."""
    op.create_table(
        SHAPES,
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "tool", "principal", name=f"{SHAPES}_pk"),
        sqlite_with_rowid=False,
    )
