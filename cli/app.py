"""The program `pointsman`: its commands by name, each in a file that is imported when called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from .show.program import PROGRAM, results_apart

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("run", "Run a task: show its progress, then the answer, or what a person is asked."),
    "enqueue": (
        "enqueue",
        "Leave a task for a worker; the next `pointsman worker` with room takes it.",
    ),
    "resume": (
        "resume",
        "Go on with a thread that was cut off, or whose requests have been decided.",
    ),
    "trace": (
        "trace",
        "Explain a thread: every step, model and why, arguments, result, tries, cost, approver.",
    ),
    "thread": ("thread", "Threads that are forgotten, and what that removed."),
    "memory": ("memory", "What is kept about a principal, and its forgetting."),
    "retention": ("retention", "Data that are past their lifetime."),
    "replay": (
        "replay",
        "Replay a run without its calls, and show where today would decide otherwise.",
    ),
    "diff": ("diff", "Lay two runs side by side, step by step."),
    "approvals": ("approvals", "List what waits for a person."),
    "approve": ("approvals", "Agree to exactly what was asked, and go on."),
    "edit": ("approvals", "Put other arguments in the place of those asked for, and go on."),
    "reject": ("approvals", "Refuse; the step ends, and the answer says so in your words."),
    "respond": (
        "approvals",
        "Respond in words: to a question, to an action to plan anew, or about an unknown outcome.",
    ),
    "withdraw": (
        "approvals",
        "Take a request or an approval back before it is carried out; it is asked anew.",
    ),
    "endorsement": (
        "endorsement",
        "Values that people vouch for, so that they are not asked again.",
    ),
    "grant": (
        "grant",
        "Calls that people allow beforehand, within bounds and for a time.",
    ),
    "graph": ("graph", "Draw the agent's graph as Mermaid text, the inside of the lane included."),
    "answer": ("answer", "Answers and what carries them."),
    "config": ("config", "The settings."),
    "eval": ("eval", "Evaluation: the agent put to a dataset of cases."),
    "audit": ("audit", "The hash-chained log of who did what."),
    "switch": ("switch", "Global switches, effective at the next step of every running process."),
    "migrate": (
        "migrate",
        "Make the tables of store, checkpoints and queue, or bring them up to date.",
    ),
    "models": ("models", "Models with price, health and their routing rows."),
    "route": ("route", "How the router decides, and routers learned from graded replies."),
    "policy": ("policy", "What the policies in force mean."),
    "worker": (
        "worker",
        "See to threads that were asked something, decided or cut off, until told to stop.",
    ),
    "token": ("token", "Tokens for the Agent Server, and for commands (POINTSMAN_TOKEN)."),
}
"""Name → the file that declares the command or group, and what the list of commands says of it."""
FORMER = {"routes": "route"}
"""Names that commands had in earlier releases → the file; they work, and no list shows them."""


class LazyCommands(TyperGroup):
    """Lists commands from `COMMANDS`, and imports one when it is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the real command in the place of the one that was listed."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, load(name) if name in {**COMMANDS, **FORMER} else listed, rest


def load(name: str) -> Any:
    """Import the file of a command and return the command."""
    around = typer.Typer(pretty_exceptions_enable=False)
    module = FORMER[name] if name in FORMER else COMMANDS[name][0]
    around.add_typer(import_module(f".{module}", __package__).app)
    return get_group(around).commands[name]


app = typer.Typer(
    name="pointsman",
    cls=LazyCommands,
    help="A graph-based, multi-model agent: planned, routed, verified, approved, journaled.",
    epilog="Exit codes: 0 done, 3 waiting for a person, 1 failed, 2 wrong use.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _listed() -> None:
    """Stand in a list of commands for one that is not imported."""


for _name, (_module, _help) in COMMANDS.items():
    app.command(_name, help=_help)(_listed)
for _name in FORMER:
    app.command(_name, hidden=True)(_listed)


def main() -> None:
    """Run the command line as a program."""
    PROGRAM.results = results_apart
    app()
