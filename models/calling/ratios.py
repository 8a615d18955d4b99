"""How many tokens a model makes of a byte of ordinary prose, learned from what it reports.

Until a model has reported a few times, a byte counts as a token, which no tokenizer exceeds. The
ratio then comes from the densest of its recent prompts, with a margin; a report above what was
expected raises it at once. Only prose is scaled: what tokenizers split finely stays at the bound.
A new process begins with what the attempt log holds.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable
from typing import Protocol

from .tokens import Weight

SAMPLES = 64
"""Recent prompts that are remembered of each model."""
ENOUGH = 4
"""Prompts that must have been seen before the bound is left."""
MIN_PROSE = 256
"""Bytes of prose below which a prompt tells too little."""
MARGIN = 1.5
"""Factor on the densest prompt that was seen: the next one may be in another language."""
LEAST = 0.3
"""Tokens per byte that are never gone below."""


class Ratios(Protocol):
    """Tokens per byte of prose, by model."""

    def ratio(self, key: Hashable) -> float:
        """Return the tokens to expect of a byte of prose, at most 1."""
        ...

    def learn(self, key: Hashable, weight: Weight, tokens: int) -> None:
        """Take in what a prompt of that weight was billed."""
        ...

    def take(self, key: Hashable, density: float) -> None:
        """Take in the `density` of a prompt, of the attempt log for example."""
        ...


def density_of(weight: Weight, tokens: int) -> float:
    """Return the tokens billed for each byte of a prompt's text; 0 where it tells too little."""
    if weight.prose < MIN_PROSE or weight.media:
        return 0.0
    # Dense text and the template's tokens are among `tokens`, so the ratio comes out high.
    return tokens / (weight.prose + weight.dense)


class LearnedRatios:
    """Ratios learned by this process; safe from any thread and event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[Hashable, deque[float]] = {}

    def ratio(self, key: Hashable) -> float:
        """Return the tokens to expect of a byte of prose, at most 1."""
        with self._lock:
            seen = self._seen.get(key, ())
            if len(seen) < ENOUGH:
                return 1.0
            return min(1.0, max(LEAST, MARGIN * max(seen)))

    def learn(self, key: Hashable, weight: Weight, tokens: int) -> None:
        """Take in what a prompt of that weight was billed."""
        self.take(key, density_of(weight, tokens))

    def take(self, key: Hashable, density: float) -> None:
        """Take in the density of a prompt; 0 tells nothing."""
        if density <= 0:
            return
        with self._lock:
            self._seen.setdefault(key, deque[float](maxlen=SAMPLES)).append(density)


class NoRatios:
    """Every byte counts as a token."""

    def ratio(self, key: Hashable) -> float:  # noqa: ARG002
        """Return 1."""
        return 1.0

    def learn(self, key: Hashable, weight: Weight, tokens: int) -> None:
        """Learn nothing."""

    def take(self, key: Hashable, density: float) -> None:
        """Learn nothing."""


PROCESS_RATIOS = LearnedRatios()
"""The ratios that all gateways of this process share."""
