"""Make the golden states of the release that is installed.

    python tests/runs/make_golden.py tests/runs/golden/v3

Run it once for each version of the schema, before the first change to it, and keep the result for
good: `test_golden.py` shows that a thread of each version goes on under the newest release.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from golden_agent import AT, KINDS, Tools, dump, opened
from langgraph.types import Command

APPROVE: Any = Command(resume={"decisions": [{"type": "approve"}]})


async def live(kind: str, home: Path) -> None:
    """Bring a thread to where the golden state of this kind stands."""
    asked, die_at = KINDS[kind]
    async with opened(home, Tools(home, die_at=die_at)) as agent:
        await agent.ainvoke({"task": asked}, AT)
        if kind in ("killed", "finished"):
            await agent.ainvoke(APPROVE, AT)
        if kind == "second_turn":
            await agent.ainvoke({"task": "And at B"}, AT)


def main() -> int:
    """Make all golden states, or be the process that lives one of them."""
    if len(sys.argv) == 3:
        asyncio.run(live(sys.argv[1], Path(sys.argv[2])))
        return 0
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            ended = subprocess.run([sys.executable, __file__, kind, folder], check=False)
            if ended.returncode != (9 if KINDS[kind][1] else 0):
                return 1
            dump(home, Path(sys.argv[1]) / kind)
    return 0


if __name__ == "__main__":
    sys.exit(main())
