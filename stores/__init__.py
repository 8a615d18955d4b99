"""Stores: one database behind small protocols."""

from .store import SqlStore, open_store

__all__ = ["SqlStore", "open_store"]
