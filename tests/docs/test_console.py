"""Every console block is run as it stands, in a home folder of its own, without key or network."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pointsman.cli.app import app

from .pages import ROOT, Block, blocks

DESK = Path(__file__).parent / "desk"
"""The settings where a command names none: the tools that docs/human-load.md speaks of."""
NOT_RUN = {
    "make demo": "tests/examples/test_demo.py runs it",
    "make test": "it is what runs this",
    'pip install -e ".[dev]"': "it asks a package index",
    "langgraph dev": "it serves until it is stopped; tests/server runs it",
}
"""Every command that is not run here, with the reason."""
BOUNDED = {
    "worker": ("--once",),
    "eval run": ("--case", "order_status_shipped"),
}
"""What is added to commands that work for long: a worker to end, one case of the dataset."""
LISTS = {"ap_…": "approvals", "en_…": "endorsement", "gr_…": "grant"}
"""Placeholder of an id → the command that lists what it stands for."""
DONE, WAITING = 0, 3


@dataclass(kw_only=True)
class Shell:
    """Runs commands as a reader would, each id that a page leaves open filled in."""

    capture: pytest.CaptureFixture[str]
    threads: int = 0
    ran: list[str] = field(default_factory=list[str])

    def run(self, *words: str) -> tuple[int, str, str]:
        """Run the program in this process; return exit code, output and errors."""
        self.capture.readouterr()
        with pytest.raises(SystemExit) as ending:
            app(words, prog_name="pointsman")
        out, err = self.capture.readouterr()
        return int(ending.value.code or 0), out, err

    def type(self, line: str) -> None:
        """Run a line of a page."""
        words = shlex.split(line, comments=True)[1:]
        config = words[words.index("-c") :][:2] if "-c" in words else []
        words = [self._known(word, config) for word in words]
        for command, more in BOUNDED.items():
            if words[: len(command.split())] == command.split():
                words += more
        code, out, err = self.run(*words)
        assert code in (DONE, WAITING), f"{line}\n{out}\n{err}"
        self.ran.append(line)

    def _known(self, word: str, config: list[str]) -> str:
        """Return what a placeholder stands for: the newest of its kind."""
        if word not in LISTS:
            return word
        if word == "ap_…" and not config:
            self.threads += 1
            code, _, err = self.run("run", "please pay the rent", "--thread", f"t{self.threads}")
            assert code == WAITING, err
        listing = [LISTS[word], *(["list"] if word != "ap_…" else []), *config, "--json"]
        [listed] = json.loads(self.run(*listing)[1]).values()
        return listed[-1]["id"]


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """Give a shell in the repository's root, with a home that nobody has used."""
    monkeypatch.setenv("POINTSMAN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("POINTSMAN_CONFIG", str(DESK))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(ROOT)
    return Shell(capture=capsys)


def lines_of(block: Block) -> list[str]:
    """Return a block's commands, without remarks."""
    return [" ".join(line.split("  #")[0].split()) for line in block.text.splitlines() if line]


CONSOLE = blocks("console", "sh")
RUN = [block for block in CONSOLE if not set(lines_of(block)) <= NOT_RUN.keys()]


@pytest.mark.parametrize("block", RUN, ids=str)
def test_a_console_block_is_run(block: Block, shell: Shell) -> None:
    """Each command ends well or with a person who is asked, one after the other."""
    for line in lines_of(block):
        if line not in NOT_RUN:
            shell.type(line)

    assert shell.ran


def test_what_is_not_run_is_on_a_page() -> None:
    """A command that no page shows any more leaves the list."""
    assert set(NOT_RUN) <= {line for block in CONSOLE for line in lines_of(block)}
