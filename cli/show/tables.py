"""Tables as all commands print them."""

from __future__ import annotations

from rich.table import Table


def table(*columns: str) -> Table:
    """Return an empty table; a cell that is too long is folded, never cut."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made
