"""Stores: one database behind small classes.

It holds the journal, effects, budgets, approvals, switches and the audit log; `records.py` has
the records of each, `store.py` opens them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import exports

if TYPE_CHECKING:
    from .store import SqlStore, open_store

__all__ = ["SqlStore", "open_store"]

__getattr__ = exports(__name__, {"SqlStore": "store", "open_store": "store"})
