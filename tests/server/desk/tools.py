"""Tools of the desk that the server tests serve; each call leaves a row in `calls.db`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from pointsman import tool
from pointsman.tools.contract import Tool


def build_tools(home: Path) -> list[Tool]:
    """Return the tools, which note their calls in a folder."""

    def note(name: str, **args: Any) -> None:
        with closing(sqlite3.connect(home / "calls.db", timeout=10)) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS calls (name TEXT, args TEXT)")
            database.execute("INSERT INTO calls VALUES (?, ?)", (name, json.dumps(args)))

    @tool(effect="read", trust="internal")
    def find_claim(claim: str) -> dict[str, Any]:
        """Find a claim."""
        note("find_claim", claim=claim)
        return {"claim": claim, "owner": f"owner-of-{claim}", "amount": 40.0}

    @tool(effect="money", trust="internal", idempotency="key", scopes=("payments:write",))
    def pay(to: str, amount: float) -> dict[str, Any]:
        """Pay somebody."""
        note("pay", to=to, amount=amount)
        return {"receipt": f"R-{to}", "amount": amount}

    @tool(effect="message", trust="internal", idempotency="key")
    def send(to: str, body: str) -> dict[str, Any]:
        """Send a message."""
        note("send", to=to, body=body)
        return {"sent": True}

    return [find_claim, pay, send]
