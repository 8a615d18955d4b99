"""UsageMeter: what a run's model calls have cost, read once and kept up while a worker holds it."""

from __future__ import annotations

from collections.abc import Sequence

from ..state.usage import Usage
from ..stores.records import ModelAttempt


class UsageMeter:
    """The cost of one run's model calls so far.

    An attempt counts once, whether it was read from the log or told while it was read.

    Args:
        run_id: The run.
    """

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.usage = Usage()
        """What all attempts together have used."""
        self._counted: set[str] = set()

    def take(self, attempts: Sequence[ModelAttempt]) -> None:
        """Count attempts; those of other runs are left out."""
        for attempt in attempts:
            if attempt.run_id == self.run_id and attempt.id not in self._counted:
                self._counted.add(attempt.id)
                self.usage += Usage(
                    input_tokens=attempt.input_tokens,
                    output_tokens=attempt.output_tokens,
                    model_calls=1,
                    usd=attempt.usd,
                    estimated=attempt.estimated,
                )
