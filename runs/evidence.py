"""Evidence: what a run's accepted results let an answer, an approver or an evaluation cite."""

from __future__ import annotations

from collections.abc import Mapping

from ..state.answering import Evidenced
from ..state.results import StepResult
from ..state.values import Json
from ..stores.interface import Payloads
from .memory import RunMemory
from .step import output_of, text_at


async def collect(
    results: Mapping[str, StepResult], payloads: Payloads, memory: RunMemory | None = None
) -> dict[str, Evidenced]:
    """Return evidence id → evidence with its text, of accepted results."""
    found: dict[str, Evidenced] = {}
    for result in results.values():
        if result.status != "accepted":
            continue
        output = await output_of(result, payloads, memory)
        for item in result.evidence:
            text = text_at(output, item.path)
            found[item.id] = Evidenced(
                evidence=item,
                text=text,
                output=output,
                taint=result.taint,
            )
    return found


async def outputs_of(
    results: Mapping[str, StepResult], payloads: Payloads, memory: RunMemory | None = None
) -> dict[str, Json]:
    """Return the outputs of accepted results, also of those that nothing can be cited of."""
    return {
        key: await output_of(result, payloads, memory)
        for key, result in results.items()
        if result.status == "accepted"
    }
