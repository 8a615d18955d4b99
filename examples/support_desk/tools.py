"""The tools of the desk."""

from __future__ import annotations

from pathlib import Path

from ...tools.contract import Tool
from .action_tools import accounts, refunds, replies
from .lookup_tools import lookups, tickets


def build_tools(home: Path) -> list[Tool]:
    """Return the desk's tools over the database in a folder, which is created on first use.

    Args:
        home: The folder; the file in it is `support_desk.db`.
    """
    return [*lookups(home), *tickets(home), refunds(home), *accounts(home), replies(home)]
