"""The command line on a tiny desk: real commands, real files, one folder a test."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from pointsman.cli.app import app
from pointsman.cli.show.program import PROGRAM
from pointsman.testing import ScriptedGateway

DESK = Path(__file__).parent / "desk"


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A desk with its own home folder."""

    home: Path
    capture: pytest.CaptureFixture[str]

    def __call__(self, *words: str) -> Result:
        """Run a command in this process."""
        self.capture.readouterr()
        said: list[str] = []
        results = io.StringIO()

        def apart() -> io.StringIO:
            said.extend(self.capture.readouterr())
            return results

        PROGRAM.results = apart
        try:
            with pytest.raises(SystemExit) as ending:
                app(words, prog_name="pointsman")
        finally:
            PROGRAM.results = None
        out, err = self.capture.readouterr()
        if said:
            out, err = said[0] + results.getvalue(), said[1] + out + err
        return Result(code=int(ending.value.code or 0), out=out, err=err)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command as a process of its own, without a terminal."""
        return subprocess.Popen(
            [sys.executable, "-m", "pointsman.cli", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
            # A shell lets its background jobs ignore Ctrl-C, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def alone(self, *words: str) -> Result:
        """Run a command as a process of its own to its end."""
        process = self.start(*words)
        out, err = process.communicate(timeout=60)
        return Result(code=process.returncode, out=out, err=err)

    def paid(self) -> list[str]:
        """Return what was paid back, one line a payment."""
        file = self.home / "paid.txt"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def waiting(self, task: str = "please pay order A-7 back", *, thread: str = "t1") -> Any:
        """Run a task into its pause, and return the one thing that is asked."""
        result = self("run", task, "--thread", thread, "--json")
        assert result.code == 3, result.err
        [question] = result.document["waiting"]
        return question


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """A desk that nobody has used."""
    home = tmp_path / "home"
    monkeypatch.setenv("POINTSMAN_HOME", str(home))
    monkeypatch.setenv("POINTSMAN_CONFIG", str(DESK))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    return Desk(home=home, capture=capsys)


@pytest.fixture
def add_settings(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """Give a function that has the desk use its own settings and some more lines of YAML."""
    folder = tmp_path / "desk"
    folder.mkdir()
    for name in ("desk_tools.py", "playbooks"):
        (folder / name).symlink_to(DESK / name)
    file = folder / "pointsman.yaml"
    file.write_text((DESK / "pointsman.yaml").read_text())
    monkeypatch.setenv("POINTSMAN_CONFIG", str(folder))

    def add(lines: str) -> None:
        file.write_text(f"{file.read_text()}{lines}\n")

    return add


@pytest.fixture
def two_people(add_settings: Callable[[str], None], tmp_path: Path) -> None:
    """Have money need two people's consent."""
    policy = tmp_path / "two.cedar"
    policy.write_text(
        '@id("two") @quorum("2") permit (principal, action == Action::"call", resource) '
        'when { resource.effect == "money" };'
    )
    add_settings(f"policy: {{additions: [{policy}]}}")


@pytest.fixture
def gateway(desk, tmp_path, monkeypatch):
    """An endpoint with two models, one of which the settings list."""
    with ScriptedGateway({"big": [], "small": []}) as gateway:
        settings = {
            "models": {
                "endpoints": {"desk": {"base_url": gateway.base_url, "api_key_env": "DESK_KEY"}},
                "models": [
                    {
                        "id": "big",
                        "endpoint": "desk",
                        "quality": 5,
                        "prices": {"input": 1.0, "output": 2.0},
                    },
                    {"id": "tiny", "endpoint": "desk", "roles": ["extractor"]},
                ],
            }
        }
        file = tmp_path / "models.yaml"
        file.write_text(yaml.safe_dump(settings), encoding="utf-8")
        monkeypatch.setenv("POINTSMAN_CONFIG", str(file))
        monkeypatch.setenv("DESK_KEY", "sk-test")
        yield gateway
