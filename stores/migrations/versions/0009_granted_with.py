"""The request whose decision a grant came with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

GRANTS = "pointsman_grants"


def upgrade() -> None:
    """Add the column; every grant so far was given by itself."""
    op.add_column(GRANTS, sa.Column("approval_id", sa.Text()))
    op.create_index(f"{GRANTS}_approval_id_ix", GRANTS, ["approval_id"])
