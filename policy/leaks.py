"""Leaks: whom a call would show a value to that may not read it. Pure."""

from __future__ import annotations

from ..state.readers import admits, meet
from ..state.values import Readers, Record
from ..tools.contract import ToolContract
from ..tools.readers import audience
from .facts import CallFacts
from .taint import is_consequential

UNKNOWN = "somebody unknown"
"""Whoever reads what a tool changes or carries out whose contract names no recipients."""


class Disclosure(Record):
    """What a call shows to whom."""

    recipients: tuple[str, ...] = ()
    readers: Readers = None
    """Who may read all that goes into the call; `None`: nobody has said."""
    leaks: dict[str, tuple[str, ...]] = {}
    """Argument path → recipients who may not read what stands there. At the empty path: what
    decided that the call is made."""

    @property
    def outsiders(self) -> tuple[str, ...]:
        """Recipients who may not read something of it."""
        return tuple(sorted({one for some in self.leaks.values() for one in some}))


def disclosure(contract: ToolContract, facts: CallFacts) -> Disclosure:
    """Work out what a call would show to whom.

    A read that carries nothing out and names no recipients shows nothing to anybody.

    Args:
        contract: The tool, as corrected.
        facts: The call, with what people have released.
    """
    shown_to = audience(contract, facts.args)
    if shown_to is None:
        shown_to = (UNKNOWN,) if facts.readers and is_consequential(contract) else ()
    leaks: dict[str, tuple[str, ...]] = {}
    for path, readers in facts.readers.items():
        released = facts.released.get(path, ())
        outside = [one for one in shown_to if not admits(readers, one) and one not in released]
        if outside:
            leaks[path] = tuple(outside)
    return Disclosure(recipients=shown_to, readers=meet(facts.readers.values()), leaks=leaks)
