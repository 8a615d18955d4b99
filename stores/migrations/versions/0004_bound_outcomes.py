"""Outcomes are those of a step with its inputs: a fork with other arguments has its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TABLE = "pointsman_outcomes"


def upgrade() -> None:
    """Add the digest of the inputs to what names an outcome."""
    with op.batch_alter_table(TABLE) as table:
        table.add_column(sa.Column("bound", sa.Text(), nullable=False, server_default=""))
        table.drop_constraint(f"{TABLE}_run_id_plan_version_step_uq", type_="unique")
        table.create_unique_constraint(
            f"{TABLE}_run_id_plan_version_step_bound_uq",
            ["run_id", "plan_version", "step", "bound"],
        )
