"""How often a tool was called, by all processes together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "pointsman_rates",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("full_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pointsman_rates_pk"),
        sqlite_with_rowid=False,
    )
