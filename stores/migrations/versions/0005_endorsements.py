"""Endorsements: values that people vouch for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TABLE = "pointsman_endorsements"
SEQUENTIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table; nothing was endorsed before."""
    op.create_table(
        TABLE,
        sa.Column("seq", SEQUENTIAL, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("approval_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("revocation", sa.Text()),
        sa.PrimaryKeyConstraint("seq", name=f"{TABLE}_pk"),
        sa.UniqueConstraint("id", name=f"{TABLE}_id_uq"),
    )
    op.create_index(f"{TABLE}_digest_ix", TABLE, ["digest"])
    op.create_index(f"{TABLE}_approval_id_ix", TABLE, ["approval_id"])
