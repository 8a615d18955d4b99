"""What a replay has asked for and the record does not hold, and what it has made use of."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Missing:
    """Collected while a run is replayed."""

    sentences: list[str] = field(default_factory=list[str])
    """One for each call that is not on record, in the order in which they came."""
    used: set[str] = field(default_factory=set[str])
    """Ids of the recorded model calls, and keys of the recorded tool calls, that were."""

    def note(self, sentence: str) -> None:
        """Note a call that cannot be replayed; the same again is the same."""
        if sentence not in self.sentences:
            self.sentences.append(sentence)
