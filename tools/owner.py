"""Who holds a claim: a process, named so that the claims of a dead one need not be waited out."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path
from uuid import uuid4


def this_process() -> str:
    """Name this process: `host/namespace/pid/start`, never the same for two processes."""
    return f"{_place()}/{os.getpid()}/{_started(os.getpid())}"


def new_owner() -> str:
    """Name an owner in this process: `process#tag`, so that several of one are told apart."""
    return f"{this_process()}#{uuid4().hex[:8]}"


def process_of(owner: str) -> str:
    """Return the process that an owner is in."""
    return owner.partition("#")[0]


def has_ended(owner: str) -> bool:
    """Whether an owner's process was one of this machine and is certain to be gone.

    False for another machine's process, and wherever the system does not say.
    """
    place, _, rest = process_of(owner).rpartition("/")
    place, _, pid = place.rpartition("/")
    if place != _place() or not pid.isdecimal() or not rest:
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _started(int(pid)) != rest


def is_here(owner: str) -> bool:
    """Whether an owner's process is one of this machine, so that its end shows."""
    return process_of(owner).startswith(f"{_place()}/")


@cache  # Asked for on event loops, where reading a link is a blocking call.
def _place() -> str:
    """The machine since its last boot, and the process namespace that ids belong to."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return ":".join(parts)


def _started(pid: int) -> str:
    """When the process started, in the kernel's ticks; "" where there is none."""
    try:
        # The command's name, in parentheses, may hold spaces and parentheses itself.
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        fields = text.rpartition(")")[2].split()
    except OSError:
        return ""
    # A zombie has a start time and will never settle anything.
    return "" if fields[0] in "ZX" else fields[19]
