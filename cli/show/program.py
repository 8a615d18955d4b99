"""Whose process it is, and where its results go."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO


@dataclass
class Program:
    """The process, as far as it is the command line's own and not that of code which calls it."""

    results: Callable[[], TextIO] | None = None
    """Sets results apart from what tools and libraries print, and opens the way for them; `None`
    where somebody else's code calls a command, whose standard output is not touched."""


PROGRAM = Program()


def results_apart() -> TextIO:
    """Keep what standard output leads to for results, and let what is printed go beside it.

    The descriptor is moved, once and before anything runs: `sys.stdout` stays what it is, and
    libraries in C and processes that are started print beside the results, too.
    """
    sys.stdout.flush()
    own = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    encoding, errors = sys.stdout.encoding, sys.stdout.errors
    # The end of the process closes it.
    return os.fdopen(own, "w", encoding=encoding, errors=errors, closefd=False)
