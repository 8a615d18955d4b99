"""Rulings: what Cedar says, kept so that the same question is put once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence

from ..state.forks import new_lock
from ..state.values import Json, Record, canonical_json
from .policyset import PolicyNote

MOST = 4096
"""Rulings that are kept; the one that was asked for longest ago goes first."""


class Ruling(Record):
    """Cedar's word on one question."""

    action: str
    allowed: bool
    policies: tuple[PolicyNote, ...] = ()
    """The permits that allowed it, or the forbids that did not. None of either: nothing permits."""
    error: str = ""
    """Why there is none; then `allowed` is false."""


class RememberedRulings:
    """Rulings by the digest of their question; safe to use from several threads.

    A ruling depends on policies, schema, entities and request and on nothing else: it reads
    no clock. So one belongs to each set of policies, and what it holds stays true. A question that
    could not be ruled on is put again.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, tuple[Ruling, ...]] = OrderedDict()
        self._lock = new_lock()

    def ruled(
        self, question: Sequence[Json], ask: Callable[[], tuple[Ruling, ...]]
    ) -> tuple[Ruling, ...]:
        """Return the rulings on a question, from `ask` the first time.

        Args:
            question: Actions, principal, resource and context.
            ask: Puts it to Cedar.
        """
        key = _key(question)
        if key is None:
            return ask()
        with self._lock:
            if (known := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return known
        rulings = ask()
        if not any(ruling.error for ruling in rulings):
            with self._lock:
                self._kept[key] = rulings
                if len(self._kept) > MOST:
                    self._kept.popitem(last=False)
        return rulings


def _key(question: Sequence[Json]) -> bytes | None:
    """Return what tells a question from every other, `None` for what Cedar will not read."""
    try:
        written = canonical_json(list(question))
    except (ValueError, TypeError, RecursionError):
        return None
    return hashlib.sha256(written.encode(errors="surrogatepass")).digest()
