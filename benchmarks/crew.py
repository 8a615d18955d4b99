"""A desk whose workers are processes of their own, for what is measured with them.

A bill is looked up, paid under the desk's key, and noted where nobody takes keys but everybody can
look. The books are files that outlive every worker; what stands in them twice has happened twice.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import time
from contextlib import AsyncExitStack
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from .. import Settings, ToolCall, build_agent, open_store, tool
from ..runs import lease
from ..state.values import JsonObject
from ..stores.checkpoints import open_checkpoints
from ..workers import visits, wakers
from ..workers import worker as working

LEASE_SECONDS = 1.5
"""Of threads and of taken work, where workers are killed and stopped: the wait for either."""
SWEEP_SECONDS = 0.5
AT_A_TIME = 4
"""Threads of one worker."""
EFFECTS = ("paid", "noted")

PLAYBOOKS = {
    "settle.yaml": """
name: settle
description: Pay a bill and note it.
intents: [settle bill B-1, pay bill B-1 and note it]
arguments:
  bill: {description: the bill (B-…), pattern: "B-\\\\d+", case: upper}
tools: [look_up, pay, note]
steps:
  - {id: bill, kind: tool, tool: look_up, args: {bill: {$arg: bill}}}
  - id: pay
    kind: tool
    tool: pay
    args: {bill: {$from: bill, path: bill}, amount: {$from: bill, path: amount}}
  - {id: note, kind: tool, tool: note, args: {bill: {$from: pay, path: bill}}}
answer:
  - {text: {$join: ["Bill ", {$from: note, path: bill}, " is settled."]}, cites: [note]}
""",
    "look.yaml": """
name: look
description: Look a bill up.
intents: [what is bill B-1, tell me about bill B-1]
arguments:
  bill: {description: the bill (B-…), pattern: "B-\\\\d+", case: upper}
tools: [look_up]
steps:
  - {id: bill, kind: tool, tool: look_up, args: {bill: {$arg: bill}}}
answer:
  - {text: {$join: ["It is bill ", {$from: bill, path: bill}, "."]}, cites: [bill]}
""",
}


def settings_in(home: Path) -> Settings:
    """Return the desk's settings, with its playbooks written into a folder."""
    folder = home / "playbooks"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in PLAYBOOKS.items():
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="utf-8")
    return Settings.parse({"home": home, "playbooks": folder})


def enter(home: Path, effect: str, line: str, *, once: bool) -> None:
    """Write an effect into the books; with `once` a line that is there is not written again."""
    with (home / effect).open("a+", encoding="utf-8") as book:
        fcntl.flock(book, fcntl.LOCK_EX)
        book.seek(0)
        if not once or f"{line}\n" not in book.readlines():
            book.write(f"{line}\n")


def entries(home: Path, effect: str) -> list[str]:
    """Return the bills that an effect has happened for, once for each time."""
    file = home / effect
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [line.partition(" ")[0] for line in lines]


def desk_tools(home: Path) -> list[Any]:
    """Return the desk's tools over its books."""

    @tool(effect="read", trust="internal")
    def look_up(bill: str) -> JsonObject:
        """Look a bill up."""
        return {"bill": bill, "amount": 2.5}

    @tool(effect="money", trust="internal", idempotency="key", timeout=5)
    def pay(bill: str, amount: float, call: ToolCall) -> JsonObject:
        """Pay a bill, once under each key."""
        time.sleep(0.005)
        enter(home, "paid", f"{bill} {call.idempotency_key}", once=True)
        time.sleep(0.005)
        return {"bill": bill, "amount": amount}

    async def noted(_key: str, args: JsonObject) -> tuple[bool, JsonObject]:
        return args["bill"] in entries(home, "noted"), {"bill": args["bill"]}

    @tool(effect="write", trust="internal", reconcile=noted, in_flight=0, timeout=5)
    def note(bill: str) -> JsonObject:
        """Note a bill; twice if called twice, but everybody can look."""
        enter(home, "noted", bill, once=False)
        time.sleep(0.005)
        return {"bill": bill}

    return [look_up, pay, note]


async def serve(home: Path, url: str) -> None:
    """Work until SIGTERM."""
    settings = settings_in(home)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with AsyncExitStack() as around:
        store = await around.enter_async_context(open_store(url))
        saver = await around.enter_async_context(open_checkpoints(url))
        waker = await around.enter_async_context(wakers.open_waker(url))
        agent = build_agent(settings, tools=desk_tools(home), store=store, checkpointer=saver)
        worker = working.Worker(agent, store, concurrency=AT_A_TIME)
        if waker is not None:
            await around.enter_async_context(waker.listening(worker, concurrency=AT_A_TIME))
        await worker.work(stop, sweep_seconds=SWEEP_SECONDS)
        await worker.drain(5)


def live(home: str, url: str, quick: bool) -> None:
    """Be a worker; `quick` shortens leases, so that a death is noticed soon by other machines."""
    if quick:
        lease.LEASE_SECONDS, lease.RENEWAL_SECONDS = LEASE_SECONDS, LEASE_SECONDS / 3
        working.TAKEN_SECONDS, working.RENEWAL_SECONDS = LEASE_SECONDS, LEASE_SECONDS / 3
        visits.BUSY_SECONDS = 0.2
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 2)
    asyncio.run(serve(Path(home), url))


class Crew:
    """Workers that are born, killed, stopped and woken.

    A process that has imported everything forks them, so that a life costs no imports.

    Args:
        home: The desk's folder.
        url: The store's.
        quick: See `live`.
    """

    def __init__(self, home: Path, url: str, *, quick: bool) -> None:
        self._job = (str(home), url, quick)
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload([__name__, "pointsman.workers.jobs"])
        self.alive: list[BaseProcess] = []

    def fill(self, count: int) -> None:
        """Replace those that have ended."""
        self.alive = [one for one in self.alive if one.is_alive()]
        while len(self.alive) < count:
            process = self._context.Process(target=live, args=self._job, daemon=True)
            process.start()
            self.alive.append(process)

    def send(self, process: BaseProcess, number: signal.Signals) -> None:
        """Send a worker a signal."""
        if process.pid is not None and process.is_alive():
            os.kill(process.pid, number)

    def end(self) -> None:
        """Kill all that are left."""
        for process in self.alive:
            self.send(process, signal.SIGKILL)
            process.join()
