"""How long a command that only reads records takes, and what it imports, beside bare Python.

    python -m pointsman.benchmarks.startup

Wall time depends on what else the machine does, processor time much less. Each figure is the least
of several runs on the settings of the support desk, in a home folder of its own. Imports are those
that `python -X importtime` lists; before them stands what was counted when every command built the
agent (docs/decisions/023-nothing-heavy-with-a-room.md).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

DESK = Path(__file__).parent.parent / "examples" / "support_desk"
RUNS = 3
MOST_SECONDS = 1.0
"""What a command that only reads records may cost over bare Python, in processor time."""

BARE = ("-c", "pass")
PACKAGE = ("-c", "import pointsman")
LANGGRAPH = ("-c", "import langgraph.graph")
CONTRACT = ("-c", "import pointsman.tools.contract")
RECORDS = (
    ("approvals",),
    ("audit", "list"),
    ("audit", "verify"),
    ("audit", "head"),
    ("endorsement", "list"),
    ("grant", "list"),
    ("switch", "list"),
    ("token", "list"),
    ("models",),
    ("route", "explain", "hello"),
    ("thread", "forgotten"),
)
"""Commands that build no agent."""
THREADS = (("trace", "t1"), ("diff", "t1", "t2"))
"""Commands that read threads. A checkpoint is read through LangGraph's channels, whose import is a
floor that is not ours: what they cost over it is held to the same bound."""
BEFORE: dict[tuple[str, ...], tuple[int, float]] = {
    ("switch", "list"): (2188, 3.03),
    ("approvals",): (2193, 3.05),
    ("audit", "list"): (2188, 2.83),
    ("models",): (2195, 3.27),
}
"""Command → modules imported, and seconds of processor time, before groups were loaded lazily."""
AGENT = (("policy", "check"), ("config", "check"), ("graph",), ("replay", "t1"))
"""Commands that load the tools' own code, for comparison."""
UNTIMED = (
    *(("run",), ("enqueue",), ("resume",), ("worker",), ("migrate",), ("eval", "run")),
    *(("memory", "forget"), ("retention", "run")),
    *(("approve",), ("edit",), ("reject",), ("respond",), ("withdraw",)),
    *(("endorsement", "add"), ("endorsement", "revoke"), ("grant", "add"), ("grant", "revoke")),
    *(("switch", "set"), ("switch", "clear"), ("models", "discover"), ("route", "learn")),
    *(("token", "issue"), ("token", "revoke"), ("token", "rotate"), ("token", "retire")),
    *(("audit", "rotate"), ("audit", "export"), ("policy", "explain"), ("answer", "check")),
    ("thread", "forget"),
)
"""Commands that change something or wait for others, and two that work on what they are given."""


def measured(words: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Return the wall and the processor time of one Python process, in seconds."""
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own commands
        [sys.executable, *words],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    said = process.stderr.read().decode() if process.stderr else ""
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {process.returncode}: {said}")
    return wall, usage.ru_utime + usage.ru_stime


def imports(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Return how many modules a Python process imports."""
    process = subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, "-X", "importtime", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return len(re.findall(r"^import time: +\d+ \| +\d+ \|", process.stderr, re.MULTILINE))


def best(words: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Return the least of several runs."""
    runs = [measured(words, environment) for _ in range(RUNS)]
    return min(wall for wall, _ in runs), min(cpu for _, cpu in runs)


def main() -> int:
    """Print one line for each start; fail if a record command costs too much."""
    with tempfile.TemporaryDirectory() as home:
        return _table({**os.environ, "POINTSMAN_HOME": home, "POINTSMAN_CONFIG": str(DESK)})


def _table(environment: Mapping[str, str]) -> int:
    pointsman = ("-m", "pointsman.cli")
    measured((*pointsman, "token", "rotate"), environment)
    for thread in ("t1", "t2"):
        measured((*pointsman, "run", "--thread", thread, "Where is order ORD-1002?"), environment)
    _, bare = best(BARE, environment)
    dear, floor = False, 0.0
    print(f"{'':28}   wall s   {'processor s':>15}   over bare Python   {'modules':>15}")
    commands = ((*pointsman, *command) for command in (*RECORDS, *THREADS, *AGENT))
    for words in (BARE, PACKAGE, LANGGRAPH, CONTRACT, *commands):
        wall, cpu = best(words, environment)
        name = "python " + " ".join(words) if words[0] == "-c" else " ".join(words[2:])
        modules, seconds = str(imports(words, environment)), f"{cpu:.2f}"
        if then := BEFORE.get(tuple(words[2:])):
            modules, seconds = f"{then[0]} → {modules}", f"{then[1]:.2f} → {seconds}"
        print(f"{name:28.28}   {wall:6.2f}   {seconds:>15}   {cpu - bare:16.2f}   {modules:>15}")
        floor = cpu - bare if words == LANGGRAPH else floor
        over = cpu - bare - (floor if words[2:] in THREADS else 0.0)
        dear |= words[2:] in (*RECORDS, *THREADS) and over >= MOST_SECONDS
    print(f"Of what trace and diff take over bare Python, {floor:.2f} is LangGraph's import.")
    return 1 if dear else 0


if __name__ == "__main__":
    sys.exit(main())
