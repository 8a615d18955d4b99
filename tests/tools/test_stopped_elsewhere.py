"""A worker that is stopped inside its call: nobody calls again while it may go on."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pointsman.state.run import Run

from .stopped_worker import work


def stopped(process: int) -> bool:
    """Whether a process sleeps until it is told to go on."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.fixture
async def sleeper(postgres_url: str, tmp_path: Path, run: Run, request: Any) -> Any:
    """Give a worker, by default of another machine, that has claimed its call and is stopped."""
    machine = getattr(request, "param", "another-machine")
    given = {
        "url": postgres_url,
        "books": str(tmp_path / "books"),
        "machine": machine,
        "run": run.model_dump_json(),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.tools.stopped_worker", json.dumps(given)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    until = time.monotonic() + 60
    while not stopped(process.pid):
        assert time.monotonic() < until
        await asyncio.sleep(0.05)
    yield process
    if process.returncode is None:
        process.kill()
        await process.wait()


@pytest.mark.parametrize(
    "sleeper", ["another-machine", ""], ids=["elsewhere", "here"], indirect=True
)
async def test_a_stopped_worker_s_call_is_not_made_again(
    sleeper: Any, postgres_url: str, tmp_path: Path, run: Run
) -> None:
    """The claim has expired and the books say no; once it is woken it pays, and that counts."""
    books = tmp_path / "books"
    await asyncio.sleep(5.5)  # the claim of a call that was about to leave ends
    soon = run.model_copy(update={"deadline_at": time.time() + 3.0}).model_dump_json()

    asked = await work(postgres_url, books, "", stops=False, run=soon)
    assert not books.exists()
    sleeper.send_signal(signal.SIGCONT)
    await sleeper.wait()
    after = await work(postgres_url, books, "", stops=False, run=run.model_dump_json())

    assert asked["status"] == "unknown"
    assert after == {"status": "done", "output": {"paid": "INV-1"}}
    assert books.read_text() == "INV-1\n"


async def test_a_dead_worker_of_another_machine_goes_before_a_person(
    sleeper: Any, postgres_url: str, tmp_path: Path, run: Run
) -> None:
    """It cannot be told from a stopped one, so its call is not guessed to have failed; soon."""
    sleeper.kill()
    await asyncio.sleep(5.5)
    began = time.monotonic()

    asked = await work(postgres_url, tmp_path / "books", "", stops=False, run=run.model_dump_json())

    assert asked["status"] == "unknown"
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("sleeper", [""], ids=["here"], indirect=True)
async def test_a_dead_worker_of_this_machine_is_seen_to_be_dead(
    sleeper: Any, postgres_url: str, tmp_path: Path, run: Run
) -> None:
    """Then the books are believed, and the call is made."""
    sleeper.kill()
    await sleeper.wait()
    books = tmp_path / "books"
    status = ""
    for _ in range(5):
        made = await work(postgres_url, books, "", stops=False, run=run.model_dump_json())
        if (status := made["status"]) == "done":
            break

    assert status == "done"
    assert books.read_text() == "INV-1\n"
