"""Which reply or fault comes next, and what has not been asked for."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .faults import FAULTS
from .replies import Fault, GatewayRequest, ModelScript, ScriptItem


@dataclass(frozen=True, kw_only=True)
class Served:
    """What the script has for one request."""

    item: ScriptItem | None = None
    fault: Fault | None = None
    unexpected: str = ""
    """Why the script has no answer."""


class Script:
    """The replies and faults of a gateway, and how far they have been used.

    Not safe for several threads: the gateway asks from its own thread only.
    """

    def __init__(
        self,
        models: Mapping[str, ModelScript],
        *,
        default: ScriptItem | None,
        faults: Sequence[Fault],
        seed: int,
    ) -> None:
        self.models = tuple(models)
        self._responders = {name: s for name, s in models.items() if callable(s)}
        self._queues = {name: deque(s) for name, s in models.items() if not callable(s)}
        self._default = default
        self._faults = tuple(faults)
        self._seed = seed
        self._matched: Counter[int] = Counter()
        self._happened: Counter[int] = Counter()

    def next(self, request: GatewayRequest) -> Served:
        """Decide what a request gets, and use it up."""
        fault = self._fault(request)
        if request.endpoint == "models" or (fault and not FAULTS[fault.kind].uses_reply):
            return Served(fault=fault)
        item = self._item(request.model)
        return Served(
            item=item, fault=fault, unexpected="" if item is not None else self._why(request)
        )

    def leftover(self) -> Mapping[str, int]:
        """Count the entries that no request has used, by model."""
        return {name: len(queue) for name, queue in self._queues.items() if queue}

    def _item(self, model: str) -> ScriptItem | None:
        if model in self._responders:
            return self._responders[model]
        queue = self._queues.get(model)
        return queue.popleft() if queue else self._default

    def _why(self, request: GatewayRequest) -> str:
        if request.model in self.models:
            return f"The script of model '{request.model}' has no reply left."
        return f"Model '{request.model}' is not in the script, which has {list(self.models)}."

    def _fault(self, request: GatewayRequest) -> Fault | None:
        happening = [f for i, f in enumerate(self._faults) if self._happens(i, f, request)]
        return happening[0] if happening else None

    def _happens(self, index: int, fault: Fault, request: GatewayRequest) -> bool:
        if fault.endpoint != request.endpoint or fault.model not in (None, request.model):
            return False
        self._matched[index] += 1
        number = self._matched[index]
        if fault.at is not None and number not in fault.at:
            return False
        if fault.times is not None and self._happened[index] >= fault.times:
            return False
        if not _drawn(self._seed, index, number, fault.probability):
            return False
        self._happened[index] += 1
        return True


def _drawn(seed: int, index: int, number: int, probability: float) -> bool:
    # One generator per request keeps the draw independent of the order of concurrent requests.
    source: Any = random.Random(f"{seed}/{index}/{number}")  # noqa: S311 - not a secret
    return source.random() < probability
