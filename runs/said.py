"""Said: results that consist of a person's words, or of a refusal in them."""

from __future__ import annotations

from ..state.approval import Decision
from ..state.results import LEFT_OPEN, Evidence, Failure, StepResult
from ..state.values import JsonObject

_SAID = {
    "did_not_happen": "The reviewer says",
    LEFT_OPEN: "The reviewer leaves open whether it happened",
}
_DECLINED = "The reviewer declined"
_NO_REASON = "no reason given"


def told(result: StepResult, output: JsonObject, decision: Decision) -> StepResult:
    """Return the step as accepted, with what the person said as its output."""
    source = f"reply of {decision.approver or 'the reviewer'}"
    return result.model_copy(
        update={
            "status": "accepted",
            "output": output,
            "evidence": (Evidence(id=result.step, step=result.step, source=source),),
        }
    )


def declined(result: StepResult, kind: str, decision: Decision) -> StepResult:
    """Return the step as rejected, for the reason that the person gave."""
    words = decision.message or _NO_REASON
    said = _SAID.get(kind, _DECLINED)
    return result.model_copy(
        update={"status": "rejected", "failure": Failure(kind=kind, message=f"{said}: {words}")}
    )


def persons_words(kind: str, message: str) -> str | None:
    """Return what the person said, without the words of ours before it; `""` where it was nothing.

    None where the message is not one of ours.
    """
    ours, mark, words = message.partition(": ")
    if not mark or ours != _SAID.get(kind, _DECLINED):
        return None
    return "" if words == _NO_REASON else words
