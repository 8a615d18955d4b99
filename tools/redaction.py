"""Redaction, under the name by which tools know it."""

from ..state.redaction import MASK, Redaction

__all__ = ["MASK", "Redaction"]
