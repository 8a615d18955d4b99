"""Grants: calls that people allow beforehand, and which effects were claimed under them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

GRANTS = "pointsman_grants"
USES = "pointsman_grant_uses"


def upgrade() -> None:
    """Make the tables; nothing was granted before."""
    op.create_table(
        GRANTS,
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("uses", sa.BigInteger()),
        sa.Column("until", sa.Double()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("revocation", sa.Text()),
        sa.PrimaryKeyConstraint("seq", name=f"{GRANTS}_pk"),
        sa.UniqueConstraint("id", name=f"{GRANTS}_id_uq"),
    )
    op.create_index(f"{GRANTS}_tool_ix", GRANTS, ["tool"])
    op.create_table(
        USES,
        sa.Column("effect_key", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("effect_key", name=f"{USES}_pk"),
        sqlite_with_rowid=False,
    )
    op.create_index(f"{USES}_grant_id_ix", USES, ["grant_id"])
