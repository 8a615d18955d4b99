"""A process that has imported Pointsman once and forks a new one for each life that a test wants.

One JSON object a line comes in: `life` (a function of `lives`), `job` (its argument) and
`kill_after` (seconds to live, or null). One goes out when the life is over: `killed`, `code`,
`seconds` and what it had to say.
"""

from __future__ import annotations

import asyncio
import faulthandler
import json
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import lives

LONGEST_LIFE = 60.0
LONGEST_STOP = 240.0
"""Seconds for which a life may be stopped; a test that failed wakes nobody up."""
POLL_SECONDS = 0.002


def live(request: dict[str, Any], words: Path) -> int:
    """Fork, let the child live, and return its wait status."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            with words.open("w") as out:
                os.dup2(out.fileno(), 1)
                os.dup2(out.fileno(), 2)
            # A life that hangs says where, before it is ended.
            faulthandler.dump_traceback_later(LONGEST_LIFE - 5.0)
            asyncio.run(getattr(lives, request["life"])(request["job"]))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return _wait(pid, request["kill_after"])


def _wait(pid: int, kill_after: float | None) -> int:
    """Wait for the end of a life. The time for which somebody has stopped it is no part of it.

    A test that stops one lets another live meanwhile, which on a busy machine takes long.
    """
    until = time.monotonic() + (LONGEST_LIFE if kill_after is None else kill_after)
    stopped_at: float | None = None
    while time.monotonic() < (until if stopped_at is None else stopped_at + LONGEST_STOP):
        done, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
        if done and os.WIFSTOPPED(status):
            stopped_at = time.monotonic()
        elif done and os.WIFCONTINUED(status):
            if stopped_at is not None:
                until += time.monotonic() - stopped_at
            stopped_at = None
        elif done:
            return status
        time.sleep(POLL_SECONDS)
    os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def main() -> None:
    """Serve until standard input ends."""
    assert threading.active_count() == 1, "a thread would not survive the fork"
    words = Path(tempfile.mkstemp()[1])
    for line in sys.stdin:
        started = time.monotonic()
        status = live(json.loads(line), words)
        answer = {
            "killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
            "code": os.waitstatus_to_exitcode(status),
            "seconds": time.monotonic() - started,
            "words": words.read_text()[-4000:],
        }
        print(json.dumps(answer), flush=True)
    words.unlink()


if __name__ == "__main__":
    main()
