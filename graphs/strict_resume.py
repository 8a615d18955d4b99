"""A decision on an interrupt that does not wait is an error, not nothing at all.

The key is not public in LangGraph, and no public way asks for the same: without it, a resume value
keyed by an interrupt id that nobody waits under is ignored, and the run goes on without it.
"""

from __future__ import annotations

from typing import Any

STRICT_RESUME: dict[str, Any] = {"__pregel_strict_resume": True}
"""For the `configurable` of a compiled graph."""
