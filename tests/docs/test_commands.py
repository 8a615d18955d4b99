"""Every command on every page is one that the program takes, and every link leads somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from pointsman.cli.app import app

from .pages import PAGES, ROOT, commands, name_of

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def shown(value: str | tuple[str, ...]) -> str:
    """Return a readable parameter id."""
    return value if isinstance(value, str) else " ".join(value)[:60]


def parse(command: Any, words: list[str]) -> None:
    """Parse words as the program does, without running anything; what it does not take raises.

    A command without a word behind it is only spoken of.
    """
    while isinstance(command, TyperGroup) and words:
        _, command, words = command.resolve_command(typer.Context(command), words)
    if words:
        command.make_context(command.name, words)


@pytest.mark.parametrize(("page", "words"), commands("pointsman"), ids=shown)
def test_the_program_takes_it(page: str, words: tuple[str, ...]) -> None:
    """Groups, options and arguments are those of the command line."""
    parse(typer.main.get_command(app), list(words[1:]))


@pytest.mark.parametrize("words", [["ruun"], ["eval", "ruun"], ["run", "--thraed", "t", "task"]])
def test_a_misspelt_command_is_noticed(words: list[str]) -> None:
    """What the program would refuse fails here too."""
    with pytest.raises(Exception, match=r"No such (command|option)"):
        parse(typer.main.get_command(app), words)


@cache
def help_of(*command: str) -> str:
    """Return what a module's command line says of a command."""
    done = subprocess.run(
        [sys.executable, "-m", *command, "--help"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("page", "words"), commands("python -m"), ids=shown)
def test_the_module_takes_it(page: str, words: tuple[str, ...]) -> None:
    """The module exists, and its help names every option that a page gives it."""
    given = [word.strip("[]") for word in words[2:]]
    command = tuple(takewhile(lambda word: not word.startswith("-"), given))
    options = [word for word in given if word.startswith("-")]

    assert find_spec(command[0])
    assert not options or [option for option in options if option not in help_of(*command)] == []


@pytest.mark.parametrize(("page", "words"), commands("make"), ids=shown)
def test_the_target_exists(page: str, words: tuple[str, ...]) -> None:
    """`make` has what a page tells a reader to make."""
    for target in words[1:]:
        assert "=" in target or re.search(rf"^{re.escape(target)}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file of the repository."""
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!http)([^)#\s]+)[^)]*\)", text)

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_no_two_decisions_share_a_number() -> None:
    """A note can be named by its number."""
    numbers = [file.name[:3] for file in (ROOT / "docs" / "decisions").glob("*.md")]

    assert sorted(set(numbers)) == sorted(numbers)
