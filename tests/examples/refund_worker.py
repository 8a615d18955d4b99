"""A process that refunds once and prints the refund; run by `test_actions`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from pointsman.examples.support_desk.tools import build_tools
from pointsman.state.run import Principal
from pointsman.tools.contract import ToolCall


async def main(home: Path, key: str) -> None:
    """Wait for a line on standard input, so that all workers start together, and refund."""
    [tool] = [tool for tool in build_tools(home) if tool.name == "issue_refund"]
    call = ToolCall(
        idempotency_key=key, run_id="r", thread_id="t", step="s", attempt=1, principal=Principal()
    )
    sys.stdin.readline()
    args = {"order_id": "ORD-1001", "amount": 64.0, "reason": "Arrived damaged.", "sku": ""}
    print(json.dumps(await tool.run(args, call)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
