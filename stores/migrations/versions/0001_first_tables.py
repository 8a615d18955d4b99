"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SEQUENTIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create everything."""
    _journal()
    _effects()
    _approvals()
    _audit()
    _budgets()
    _operations()


def _journal() -> None:
    op.create_table(
        "pointsman_payloads",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pointsman_payloads_pk"),
    )
    op.create_table(
        "pointsman_outcomes",
        sa.Column("seq", SEQUENTIAL, nullable=False),
        sa.Column("run_id", sa.LargeBinary(), nullable=False),
        sa.Column("thread_id", sa.LargeBinary(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("step", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("output_digest", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["output_digest"],
            ["pointsman_payloads.digest"],
            name="pointsman_outcomes_output_digest_fk",
        ),
        sa.PrimaryKeyConstraint("seq", name="pointsman_outcomes_pk"),
        sa.UniqueConstraint(
            "run_id", "plan_version", "step", name="pointsman_outcomes_run_id_plan_version_step_uq"
        ),
    )
    op.create_table(
        "pointsman_notes",
        sa.Column("seq", SEQUENTIAL, nullable=False),
        sa.Column("run_id", sa.LargeBinary(), nullable=False),
        sa.Column("thread_id", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pointsman_notes_pk"),
        sa.UniqueConstraint(
            "run_id", "kind", "version", name="pointsman_notes_run_id_kind_version_uq"
        ),
    )
    op.create_index("pointsman_notes_thread_id_ix", "pointsman_notes", ["thread_id"])


def _effects() -> None:
    op.create_table(
        "pointsman_effects",
        sa.Column("seq", SEQUENTIAL, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("run_id", sa.LargeBinary(), nullable=False),
        sa.Column("thread_id", sa.LargeBinary(), nullable=False),
        sa.Column("step", sa.LargeBinary(), nullable=False),
        sa.Column("tool", sa.LargeBinary(), nullable=False),
        sa.Column("args_digest", sa.LargeBinary(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("idempotency", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("owner", sa.LargeBinary(), nullable=False),
        sa.Column("lease_expires_at", sa.Double(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("output", sa.LargeBinary(), nullable=True),
        sa.Column("output_digest", sa.LargeBinary(), nullable=True),
        sa.Column("error", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("claimed_at", sa.Double(), nullable=False),
        sa.Column("settled_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["output_digest"],
            ["pointsman_payloads.digest"],
            name="pointsman_effects_output_digest_fk",
        ),
        sa.PrimaryKeyConstraint("seq", name="pointsman_effects_pk"),
        sa.UniqueConstraint("key", name="pointsman_effects_key_uq"),
    )
    op.create_index("pointsman_effects_run_id_ix", "pointsman_effects", ["run_id"])


def _approvals() -> None:
    op.create_table(
        "pointsman_approvals",
        sa.Column("seq", SEQUENTIAL, nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("run_id", sa.LargeBinary(), nullable=False),
        sa.Column("thread_id", sa.LargeBinary(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pointsman_approvals_pk"),
        sa.UniqueConstraint("id", name="pointsman_approvals_id_uq"),
    )
    op.create_index("pointsman_approvals_status_ix", "pointsman_approvals", ["status"])
    op.create_index("pointsman_approvals_thread_id_ix", "pointsman_approvals", ["thread_id"])
    op.create_table(
        "pointsman_decisions",
        sa.Column("seq", SEQUENTIAL, nullable=False),
        sa.Column("approval_id", sa.LargeBinary(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("approver", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["pointsman_approvals.id"], name="pointsman_decisions_approval_id_fk"
        ),
        sa.PrimaryKeyConstraint("seq", name="pointsman_decisions_pk"),
        sa.UniqueConstraint(
            "approval_id",
            "round",
            "approver",
            name="pointsman_decisions_approval_id_round_approver_uq",
        ),
    )


def _audit() -> None:
    op.create_table(
        "pointsman_audit",
        sa.Column("seq", SEQUENTIAL, autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.LargeBinary(), nullable=False),
        sa.Column("thread_id", sa.LargeBinary(), nullable=False),
        sa.Column("run_id", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pointsman_audit_pk"),
    )
    op.create_index("pointsman_audit_thread_id_ix", "pointsman_audit", ["thread_id"])
    op.create_table(
        "pointsman_audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("pointsman_audit_head_single_ck")),
        sa.PrimaryKeyConstraint("id", name="pointsman_audit_head_pk"),
    )


def _budgets() -> None:
    op.create_table(
        "pointsman_attempts",
        sa.Column("seq", SEQUENTIAL, nullable=False),
        sa.Column("run_id", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pointsman_attempts_pk"),
        sa.UniqueConstraint("run_id", "id", name="pointsman_attempts_run_id_id_uq"),
    )
    op.create_table(
        "pointsman_balances",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("spent_nano", sa.BigInteger(), nullable=False),
        sa.Column("reserved_nano", sa.BigInteger(), nullable=False),
        sa.Column("spent_tokens", sa.BigInteger(), nullable=False),
        sa.Column("reserved_tokens", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name="pointsman_balances_pk"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pointsman_reservations",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("nano", sa.BigInteger(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pointsman_reservations_pk"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pointsman_reservation_caps",
        sa.Column("reservation_id", sa.LargeBinary(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reservation_id"],
            ["pointsman_reservations.id"],
            name="pointsman_reservation_caps_reservation_id_fk",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["scope", "key"],
            ["pointsman_balances.scope", "pointsman_balances.key"],
            name="pointsman_reservation_caps_scope_key_fk",
        ),
        sa.PrimaryKeyConstraint(
            "reservation_id", "scope", "key", name="pointsman_reservation_caps_pk"
        ),
        sqlite_with_rowid=False,
    )


def _operations() -> None:
    op.create_table(
        "pointsman_switches",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("target", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "target", name="pointsman_switches_pk"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pointsman_leases",
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("owner", sa.LargeBinary(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pointsman_leases_pk"),
        sqlite_with_rowid=False,
    )
