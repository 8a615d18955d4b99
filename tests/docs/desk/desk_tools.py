"""The tools that docs/human-load.md speaks of, over a folder."""

from __future__ import annotations

from pathlib import Path

from pointsman import tool
from pointsman.tools.contract import Tool


def build_tools(home: Path) -> list[Tool]:
    """Return the tools; each mail that is read names another account."""

    @tool(effect="read", trust="untrusted")
    def read_mail() -> dict[str, str]:
        """Read the newest mail."""
        file = home / "read.txt"
        number = int(file.read_text(encoding="utf-8")) + 1 if file.exists() else 1
        file.write_text(str(number), encoding="utf-8")
        return {"iban": f"DE89 3704 0044 0532 0130 {number:02}", "subject": f"Rent {number}"}

    @tool(effect="money", trust="trusted", idempotency="key", amount="amount")
    def transfer(to: str, subject: str, amount: float) -> dict[str, str]:
        """Transfer money."""
        return {"state": "done"}

    @tool(effect="money", trust="trusted", idempotency="key", amount="amount")
    def issue_refund(order: str, amount: float) -> dict[str, str]:
        """Pay a customer back."""
        return {"state": "done"}

    @tool(effect="message", trust="trusted", recipients=("to",))
    def send_email(to: str, body: str) -> dict[str, str]:
        """Send an e-mail."""
        return {"state": "sent"}

    @tool(effect="write", trust="trusted")
    def write_file(path: str, text: str, mode: str = "append") -> dict[str, str]:
        """Write a file."""
        return {"state": "written"}

    return [read_mail, transfer, issue_refund, send_email, write_file]
