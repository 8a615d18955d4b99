"""Business keys: what may happen only once, whoever asks for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "pointsman_business_keys",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("effect_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pointsman_business_keys_pk"),
    )
