"""A loop of payments whose process is killed five times: what an item costs, and if all is right.

    python -m pointsman.benchmarks.killed_items

Each item is looked up and, once a person has approved them all, paid; one in 25 cannot be found.
The process is ended by `kill -9` at five moments and started again each time. The books, a file
that outlives it, must hold each payment once, in the items' order; an item of the longest loop may
cost at most 1.5 times one of the shortest, in processor time of all six lives and in bytes.
"""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from langgraph.types import Command

from .. import Settings, ToolCall, build_agent, open_store, tool
from ..errors import ToolError
from ..state.values import JsonObject
from ..stores.checkpoints import open_checkpoints
from ..testing.crash_points import CrashPoints
from .growth import bytes_in
from .planned import fixed_plan

SIZES = (125, 250, 500)
MISSING = 25
"""Every so manieth item cannot be found."""
MOST = 1.5


def moments(count: int) -> tuple[str, ...]:
    """Return where each life but the last one ends, the same share of the way for each size."""
    return (
        f"journal.record_outcome:after:{count // 3}",
        "approvals.open_all:after",
        f"tools.pay:after:{count // 8}",
        f"effects.settle:before:{count // 4}",
        "checkpoints.aput:before:2",
    )


def plan(count: int) -> JsonObject:
    """Return a plan that looks each invoice up and pays it."""
    group = [
        "known = know(number=one)",
        "paid = pay(number=known.number)",
    ]
    loop = {"items": f"range({count})", "item": "one", "key": "one", "max": count, "steps": group}
    return {"steps": [{"id": "each", "for_each": loop, "on_error": "skip"}]}


def tools(books: Path) -> list[Any]:
    """Return a look and a payment; each payment that really happens is a line in the books."""
    known_keys = set(books.read_text().splitlines(keepends=True)) if books.exists() else set[str]()

    @tool(effect="read", trust="internal")
    def know(number: int) -> JsonObject:
        """Look an invoice up."""
        if number % MISSING == MISSING - 1:
            raise ToolError(f"There is no invoice {number}.")
        return {"number": number}

    @tool(effect="money", trust="internal", idempotency="key")
    def pay(number: int, call: ToolCall) -> JsonObject:
        """Pay an invoice, once under each key."""
        line = f"{number} {call.idempotency_key}\n"
        if line not in known_keys:
            known_keys.add(line)
            with books.open("a") as file:
                file.write(line)
        return {"paid": number}

    return [know, pay]


async def live(home: Path, count: int, at: str) -> None:
    """Take the thread from wherever it is to its end, or to the moment at which it is killed."""
    (home / "born").write_text(str(time.process_time()))
    crash = CrashPoints(at)
    settings = Settings.parse({"home": home, "limits": {"max_tool_failures": count}})
    store = open_store(home / "pointsman.db")
    config: Any = {"configurable": {"thread_id": "items"}}
    async with open_checkpoints(home / "checkpoints.db") as saver:
        agent = build_agent(
            settings,
            tools=crash.tools(tools(home / "books")),
            models={"planner": fixed_plan(plan(count))},
            checkpointer=crash.checkpointer(saver),
            store=crash.store(store),
        )
        while (state := await agent.aget_state(config)).next or not state.values:
            given: Any = None if state.values else {"task": "Pay every invoice."}
            if state.interrupts:
                given = Command(resume={"decisions": [{"type": "approve", "step": "paid"}]})
            await agent.ainvoke(given, config)
    await store.close()


def measure(count: int, home: Path) -> tuple[float, float]:
    """Run one loop in six lives; return bytes on disk and seconds of processor time of all."""
    seconds = 0.0
    for at in (*moments(count), ""):
        before = _seconds()
        words = [sys.executable, "-m", "pointsman.benchmarks.killed_items"]
        ended = subprocess.run([*words, str(home), str(count), at], check=False)  # noqa: S603 - ours
        if ended.returncode != (-9 if at else 0):
            raise SystemExit(f"the life until {at or 'its end'} ended with {ended.returncode}")
        # Without what it takes to start Python and to import the package.
        seconds += _seconds() - before - float((home / "born").read_text())
    lines = (home / "books").read_text().split("\n")[:-1]
    paid = [int(line.partition(" ")[0]) for line in lines]
    if paid != [n for n in range(count) if n % MISSING != MISSING - 1]:
        raise SystemExit(f"the books of {count} items are wrong")
    return bytes_in(home), seconds


def _seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Print one line for each size; fail if an item gets dearer as the loop gets longer."""
    print("items   on disk kB   kB an item   ms an item")
    found: list[tuple[float, float]] = []
    for count in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            size, seconds = measure(count, Path(folder))
        found.append((size / count, seconds / count))
        kilobytes = f"{size / 1e3:10.0f}   {size / count / 1e3:10.2f}"
        print(f"{count:5}   {kilobytes}   {1000 * seconds / count:10.2f}", flush=True)
    ratios = [last / first for first, last in zip(found[0], found[-1], strict=True)]
    print(f"an item of {SIZES[-1]} against one of {SIZES[0]}, each killed five times: ", end="")
    print(f"{ratios[0]:.2f} times the bytes, {ratios[1]:.2f} times the processor time")
    return 1 if max(ratios) > MOST else 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        folder, number, moment = sys.argv[1:]
        asyncio.run(live(Path(folder), int(number), moment))
        os._exit(0)
    sys.exit(main())
