"""Alembic runs this inside the transaction that `stores.migrate.upgrade` has opened."""

from __future__ import annotations

from alembic import context

context.configure(**context.config.attributes)
context.run_migrations()
