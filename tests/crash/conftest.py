"""Processes that are killed, and a bank that survives them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent


@dataclass(kw_only=True)
class Life:
    """How a process ended."""

    killed: bool
    code: int
    seconds: float
    words: str


class Zygote:
    """Starts processes in which Pointsman is already imported."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, FOLDER / "zygote.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def live(self, life: str, kill_after: float | None = None, **job: Any) -> Life:
        """Let a process live, at most so many seconds, and say how it ended."""
        self.begin(life, kill_after, **job)
        return self.end()

    def begin(self, life: str, kill_after: float | None = None, **job: Any) -> None:
        """Start a life."""
        request = {"life": life, "kill_after": kill_after, "job": job}
        assert self._process.stdin
        print(json.dumps(request, default=str), file=self._process.stdin, flush=True)

    def end(self) -> Life:
        """Wait for the life that was begun."""
        assert self._process.stdout
        return Life(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End it, though a process forked by another test may still hold its standard input."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=5)
        assert self._process.stdout
        self._process.stdout.close()


@pytest.fixture(scope="session")
def zygotes() -> Iterator[list[Zygote]]:
    """Give two zygotes, so that two workers can be alive at once."""
    made = [Zygote(), Zygote()]
    yield made
    for zygote in made:
        zygote.close()


@pytest.fixture(scope="session")
def zygote(zygotes: list[Zygote]) -> Zygote:
    """Give one zygote."""
    return zygotes[0]


@dataclass(kw_only=True)
class Bank:
    """The bank, as the test sees it."""

    port: int

    def books(self) -> dict[str, dict[str, int]]:
        """Return calls, effects and reads by reference."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/books")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


@pytest.fixture(scope="session")
def bank() -> Iterator[Bank]:
    """Give a bank in a process of its own."""
    with subprocess.Popen(
        [sys.executable, FOLDER / "bank.py"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield Bank(port=int(process.stdout.readline()))
        process.kill()
