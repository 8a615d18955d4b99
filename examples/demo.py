"""The demo: a refund that stops for a person, and two questions that need nobody.

    python -m pointsman.examples.demo

It runs the command line as a user would, against a new folder, and then looks into the database to
see what really happened. With a terminal it asks before it approves; without one it approves.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.prompt import Confirm

from ..cli.exits import DONE, WAITING

DESK = Path(__file__).parent / "support_desk"
REFUND = "The kettle from order ORD-1001 arrived broken, please refund it"
QUESTIONS = "What is your return policy, and where is order ORD-1003?"
SOURCES = ("order ORD-1001", "payment PAY-2001", "policies/refunds.md")

console = Console(highlight=False)


def main() -> int:
    """Run the demo; return 0 if everything that it promises was seen to happen."""
    home = Path(os.environ.get("POINTSMAN_HOME") or ".pointsman").absolute() / "demo"
    shutil.rmtree(home, ignore_errors=True)
    os.environ["POINTSMAN_HOME"] = str(home)
    console.rule("A refund: it moves money, so it stops for a person")
    code = show("run", "--thread", "demo-refund", REFUND)
    while code == WAITING:
        code = answer_next()
    problems = check_refund(home) if code == DONE else [f"the refund ended with exit {code}"]
    console.rule("Two questions at once: reading needs nobody, and neither waits for the other")
    if show("run", "--thread", "demo-questions", QUESTIONS) != DONE:
        problems.append("the questions did not end in an answer")
    console.rule("What the database says")
    for problem in problems:
        console.print(f"[red]not as promised[/red]: {problem}")
    if not problems:
        console.print(
            "one refund, one reply in the outbox, and the answer cites", ", ".join(SOURCES)
        )
        console.print(f"Everything that was written is in {home}; deleting it is a clean start.")
    return 1 if problems else 0


def command(*args: str) -> list[str]:
    """Return the command line that runs `pointsman` in this interpreter."""
    return [sys.executable, "-m", "pointsman.cli", *args, "-c", str(DESK)]


def show(*args: str) -> int:
    """Run a command with its output on the screen; return its exit code."""
    console.print(f"\n$ pointsman {' '.join(args)}", style="bold")
    return subprocess.run(command(*args), check=False).returncode  # noqa: S603 - our own command


def ask(*args: str) -> Any:
    """Run a command for its JSON."""
    done = subprocess.run(  # noqa: S603 - our own command
        command(*args, "--json"), check=False, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def answer_next() -> int:
    """Approve the action that waits, or reject it if the person at the terminal says so."""
    approval: str = ask("approvals")["approvals"][0]["id"]
    if sys.stdin.isatty() and not Confirm.ask("Approve it?", default=True, console=console):
        return show("reject", approval, "--message", "declined in the demo")
    return show("approve", approval)


def check_refund(home: Path) -> list[str]:
    """Return what does not stand in the database or in the answer as it should."""
    with closing(sqlite3.connect(home / "support_desk.db")) as database:
        refunds = database.execute(
            "SELECT count(*) FROM refunds WHERE order_id = 'ORD-1001'"
        ).fetchone()[0]
        replies = database.execute("SELECT count(*) FROM outbox").fetchone()[0]
    answer = ask("trace", "demo-refund")["runs"][-1]["answer"]
    cited = " ".join(citation["source"] for citation in answer["citations"])
    problems = [f"the answer does not cite {source}" for source in SOURCES if source not in cited]
    if refunds != 1:
        problems.append(f"{refunds} refunds")
    if replies != 1:
        problems.append(f"{replies} replies")
    return problems


if __name__ == "__main__":
    sys.exit(main())
