"""The README is true: its Python runs, its settings load, its commands and links exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pointsman import Settings
from pointsman.toolbox import configured_tools

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("code", blocks("python"), ids=["refund", "own-tool"])
def test_python_examples_run(code: str, own_home: Path) -> None:
    """Each block runs as a script from the repository root."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    if "print" in code:
        assert "REF-" in done.stdout
        assert "payment PAY-2001" in done.stdout


@pytest.mark.parametrize("text", blocks("yaml"))
def test_settings_load(text: str, tmp_path: Path) -> None:
    """The settings of the README are valid and name real tools."""
    settings = Settings.parse({**yaml.safe_load(text), "home": tmp_path})

    assert len(configured_tools(settings)) > 5


def commands() -> list[list[str]]:
    """Return the `pointsman` commands of the README, without their arguments."""
    lines = [line for block in blocks("console") for line in block.splitlines()]
    found = [shlex.split(line)[1:] for line in lines if line.startswith("pointsman ")]
    return [words[:2] if words[0] in ("eval", "config") else words[:1] for words in found]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_exist(words: list[str]) -> None:
    """Each command of the README has a help page."""
    done = subprocess.run(
        [sys.executable, "-m", "pointsman.cli", *words, "--help"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0


def test_links_lead_somewhere() -> None:
    """Every relative link of the README names a file of the repository."""
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / target).exists(), target
