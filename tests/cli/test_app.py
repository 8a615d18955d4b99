"""The list of commands is true, and no command imports what it does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pointsman.benchmarks import startup
from pointsman.cli import app as program
from pointsman.cli.app import COMMANDS, FORMER, load

HEAVY = {
    "langgraph",
    "langchain_core.tools",
    "langchain_openai",
    "openai",
    "langsmith",
    "pointsman.agent",
    "pointsman.graphs",
    "pointsman.nodes",
    "sqlalchemy.dialects.postgresql",
    "sklearn",
    "numpy",
}
"""What an agent is made of or learns with, or PostgreSQL needs, and takes long to import."""


def imported(*words: str) -> set[str]:
    """Return the modules that a command has imported when it ends well."""
    program = (
        "import json, sys\n"
        "from pointsman.cli.app import app\n"
        "try:\n"
        "    app(sys.argv[1:], prog_name='pointsman')\n"
        "except SystemExit as ending:\n"
        "    print()\n"
        "    print(json.dumps([ending.code or 0, *sys.modules]))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True
    )
    code, *modules = json.loads(told.stdout.splitlines()[-1])
    assert code == 0, told.stdout
    return set(modules)


@pytest.mark.parametrize(
    "words",
    [
        ("approvals",),
        ("audit", "list"),
        ("audit", "verify"),
        ("switch", "list"),
        ("switch", "set", "pause"),
        ("token", "rotate"),
        ("models",),
        ("policy", "check"),
        ("policy", "explain", "look_up"),
        ("thread", "forgotten"),
    ],
    ids=" ".join,
)
def test_commands_over_records_import_no_agent(desk, words):
    """What only reads or switches needs neither the graph nor a model's client."""
    assert not imported(*words) & HEAVY


def test_a_route_is_explained_without_messages(desk):
    """What it estimates of a request needs no library of messages, nor what that imports."""
    assert desk("token", "rotate").code == 0

    assert not imported("route", "explain", "hello") & {*HEAVY, "langchain_core"}


def test_listed_tokens_need_no_agent(desk):
    """The list of tokens is read without the agent, once there is a key."""
    desk("token", "rotate")

    assert not imported("token", "list") & HEAVY


def test_help_imports_no_command():
    """The list of commands is shown without importing one."""
    found = imported("--help")

    ours = {name for name in found if name.startswith("pointsman.")}
    assert ours == {
        *("pointsman.lazy", "pointsman.cli", "pointsman.cli.app"),
        *("pointsman.cli.show", "pointsman.cli.show.program"),
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_imports_no_agent(name):
    """No command has to load the agent to say how it is used."""
    assert not imported(name, "--help") & HEAVY


@pytest.mark.parametrize("name", COMMANDS)
def test_list_says_what_the_command_says(name):
    """What the list says of a command is the first line of its own help."""
    command = load(name)

    assert command.name == name
    assert command.help.split("\n\n")[0].replace("\n", " ") == COMMANDS[name][1]


def test_every_command_file_is_listed():
    """A file that declares a command would otherwise never be imported."""
    folder = Path(program.__file__).parent
    declaring = {
        file.stem
        for file in folder.glob("*.py")
        if file.stem != "app" and "\napp = typer.Typer(" in file.read_text(encoding="utf-8")
    }

    assert declaring == {module for module, _ in COMMANDS.values()}


DECIDING = {"approve", "edit", "reject", "respond", "withdraw"}
"""What is done with one of the `approvals`, and declared with them."""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_stands_in_the_file_of_its_name(name):
    """Whoever reads a command's name knows where it is."""
    assert COMMANDS[name][0] == ("approvals" if name in DECIDING else name)


def test_the_folder_holds_only_commands():
    """What several commands share stands in a folder that says what it is."""
    folder = Path(program.__file__).parent
    files = {file.stem for file in folder.glob("*.py")} - {"__init__", "__main__", "app", "exits"}

    assert files == {module for module, _ in COMMANDS.values()}


@pytest.mark.parametrize("name", FORMER)
def test_a_former_name_works_and_is_not_listed(desk, name):
    """A script of an earlier release goes on; who reads the list learns one name."""
    assert desk(name, "--help").code == 0
    assert f" {name} " not in desk("--help").out


def leaves(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the words of a command, or of each that its group holds."""
    inside = getattr(command, "commands", None)
    if not inside:
        yield words
        return
    for name, inner in inside.items():
        yield from leaves(inner, (*words, name))


@pytest.mark.parametrize(
    "words", [words for name in COMMANDS for words in leaves(load(name), (name,))], ids=" ".join
)
def test_the_benchmark_of_starts_knows_every_command(words: tuple[str, ...]) -> None:
    """A new one is timed, or is said to change something."""
    known = (*startup.RECORDS, *startup.THREADS, *startup.AGENT, *startup.UNTIMED)

    assert words in {listed[: len(words)] for listed in known}
