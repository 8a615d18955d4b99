"""Whose process it is."""

import threading

PROGRAM = threading.Event()
"""Set where the process is the command line's own, and not that of code which calls a command."""
