"""Rulings: what Cedar answers, kept so that the same question is put once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence

from ..state.forks import new_lock
from ..state.values import Json, Record, canonical_json
from .policyset import PolicyNote

MOST = 4096
"""Answers that are kept; the one that was asked for longest ago goes first."""


class Ruling(Record):
    """Cedar's answer to one question."""

    action: str
    allowed: bool
    policies: tuple[PolicyNote, ...] = ()
    """The permits that allowed it, or the forbids that did not. None of either: nothing permits."""
    error: str = ""
    """Why there is no answer; then `allowed` is false."""


class RememberedRulings:
    """Answers by the digest of their question; safe to use from several threads.

    Cedar's answer depends on policies, schema, entities and request and on nothing else: it reads
    no clock. So one belongs to each set of policies, and what it holds stays true. A question that
    could not be answered is put again.
    """

    def __init__(self) -> None:
        self._answers: OrderedDict[bytes, tuple[Ruling, ...]] = OrderedDict()
        self._lock = new_lock()

    def ruled(
        self, question: Sequence[Json], ask: Callable[[], tuple[Ruling, ...]]
    ) -> tuple[Ruling, ...]:
        """Return the answer to a question, from `ask` the first time.

        Args:
            question: Actions, principal, resource and context.
            ask: Puts it to Cedar.
        """
        key = _key(question)
        if key is None:
            return ask()
        with self._lock:
            if (known := self._answers.get(key)) is not None:
                self._answers.move_to_end(key)
                return known
        answers = ask()
        if not any(answer.error for answer in answers):
            with self._lock:
                self._answers[key] = answers
                if len(self._answers) > MOST:
                    self._answers.popitem(last=False)
        return answers


def _key(question: Sequence[Json]) -> bytes | None:
    """Return what tells a question from every other, `None` for what Cedar will not read."""
    try:
        written = canonical_json(list(question))
    except (ValueError, TypeError, RecursionError):
        return None
    return hashlib.sha256(written.encode(errors="surrogatepass")).digest()
