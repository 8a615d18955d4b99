"""Tools of a tiny desk, whose effects can be counted in files under `home`."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

from pydantic import Field

from pointsman.errors import ToolError
from pointsman.tools.contract import Tool, ToolCall
from pointsman.tools.decorator import tool


def build_tools(home: Path) -> list[Tool]:
    """Return the tools over a folder."""

    @tool(effect="read", trust="trusted")
    def look_up(order: str) -> dict[str, object]:
        """Look an order up."""
        print(f"looking for {order}")  # as libraries do; it must not meet a command's document
        return {"order": order, "item": "kettle", "paid": 25.0, "note": "Kettle of brushed steel."}

    @tool(effect="read", trust="trusted")
    async def wait_outside(order: str) -> dict[str, str]:
        """Say that it has begun, then wait for the file `release`."""
        (home / "begun").touch()
        while not (home / "release").exists():
            await asyncio.sleep(0.01)
        return {"order": order, "state": "released"}

    @tool(
        effect="money",
        trust="trusted",
        idempotency="key",
        consequential=("order", "amount"),
        amount="amount",
        describe=lambda args: f"Pay {args['amount']:.2f} US dollars back for {args['order']}.",
    )
    def pay_back(
        order: str, amount: Annotated[float, Field(gt=0, le=100)], call: ToolCall
    ) -> dict[str, object]:
        """Pay money back."""
        file = home / "paid.txt"
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        if call.idempotency_key not in before:
            line = f"{call.idempotency_key} {order} {amount:.2f}\n"
            file.write_text(before + line, encoding="utf-8")
        (home / "begun").touch()
        while (home / "hold").exists():
            time.sleep(0.01)
        return {"order": order, "amount": amount, "state": "paid"}

    @tool(effect="message", trust="trusted", idempotency="none", timeout=5)
    def ring_up(order: str) -> dict[str, str]:
        """Ring the customer up; nobody can say whether they answered."""
        (home / "rung").touch()
        raise ToolError("The line went dead.", happened="unknown")

    return [look_up, wait_outside, pay_back, ring_up]
