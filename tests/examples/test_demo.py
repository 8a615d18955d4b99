"""The demo ends well, and says nothing that it should not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(400)
def test_the_demo_keeps_its_promises_without_a_warning(own_home: Path) -> None:
    """What `make demo` prints is the demo: no warning of ours or of a package stands in it."""
    done = subprocess.run(
        [sys.executable, "-m", "pointsman.examples.demo"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=390,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "one refund, one reply in the outbox" in done.stdout
    assert done.stderr == ""
    assert "Warning" not in done.stdout
