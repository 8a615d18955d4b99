"""Every thread and run that has stored a payload, in the place of the only one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

HOLDERS = "pointsman_payload_holders"


def upgrade() -> None:
    """Make the table; a payload that several had stored may be anybody's, as may one of before."""
    op.create_table(
        HOLDERS,
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "holder", name=f"{HOLDERS}_pk"),
        sqlite_with_rowid=False,
    )
    op.execute(
        f"INSERT INTO {HOLDERS} (digest, holder) "  # noqa: S608 - a constant
        "SELECT digest, coalesce(held_by, '') FROM pointsman_payloads"
    )
    op.drop_column("pointsman_payloads", "held_by")
