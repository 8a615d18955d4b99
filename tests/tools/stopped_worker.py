"""A worker of another machine that is stopped inside its call, right before the call leaves."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from pointsman.state.run import Run
from pointsman.stores import open_store
from pointsman.tools import Runner, Tool, ToolContract, owner

SCHEMA = {"type": "object", "properties": {"invoice": {"type": "string"}}}


def pay_tool(books: Path, *, stops: bool) -> Tool:
    """A tool that moves money and cannot be repeated, and whose check says what the books say."""

    async def pay(args: dict[str, Any], _call: Any) -> Any:
        if stops:
            os.kill(os.getpid(), signal.SIGSTOP)
        with books.open("a") as book:
            book.write(f"{args['invoice']}\n")
        return {"paid": args["invoice"]}

    async def look(_key: str, args: dict[str, Any]) -> tuple[bool, Any]:
        paid = books.exists() and args["invoice"] in books.read_text()
        return paid, {"paid": args["invoice"]}

    contract = ToolContract(
        name="pay",
        description="Pays.",
        args_schema=SCHEMA,
        effect="money",
        idempotency="none",
        timeout=0.1,
        in_flight=0,
    )
    return Tool(contract=contract, run=pay, reconcile=look)


async def work(url: str, books: Path, machine: str, *, stops: bool, run: str) -> dict[str, Any]:
    """Pay one invoice as a machine of that name, and say what came of it."""
    if machine:
        owner._place = lambda: machine
    async with open_store(url) as store:
        runner = Runner({"pay": pay_tool(books, stops=stops)}, store)
        args = {"invoice": "INV-1"}
        outcome = await runner.call(
            "pay", args, run=Run.model_validate_json(run), step="s1", attempt=1, timeout=None
        )
    return {"status": outcome.status, "output": outcome.output}


if __name__ == "__main__":
    [given] = sys.argv[1:]
    said = json.loads(given)
    done = work(said["url"], Path(said["books"]), said["machine"], stops=True, run=said["run"])
    print(json.dumps(asyncio.run(done)))
