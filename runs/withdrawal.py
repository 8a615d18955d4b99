"""Withdrawal: a user takes back what waits, in words or through the planner, or the run stops.

What is withdrawn is in no list of approvals any more, and an approval that comes after is refused.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping, Sequence

from ..errors import DecisionError, NotFoundError
from ..state.parked import ParkedRun
from ..state.results import Failure, StepResult
from ..state.run import Stop
from ..state.text import whole
from .dependencies import Dependencies
from .telling import asked_args, in_words

_log = logging.getLogger(__name__)

WITHDRAWN = "withdrawn"
"""Kind of the failure of a step that the user took back."""
REASON = "The user took it back."
LONGEST = 120
"""Characters of a message that only takes something back."""

_ASIDE = (
    r"(?:no|nope|oh|ok(?:ay)?|wait|sorry|please|actually|thanks?|thank you|then|now|after all|"
    r"any ?more|nein|bitte|danke|doch|moment|entschuldigung|jetzt|non|merci|svp|s'il vous plait|"
    r"finalement|attendez|desole|gracias|por favor|perdon|espera|mejor|entonces)"
)
_TAKEN_BACK = (
    r"(?:never ?mind|forget (?:it|that|about it)|(?:cancel|stop|withdraw|drop)(?: (?:it|that|this|"
    r"them|both|all|everything|the request|my request))?|"
    r"(?:don'?t|do not)(?: do (?:it|that|this))?|"
    r"leave it|(?:i(?:'ve| have)? )?changed my mind|"
    r"vergiss (?:es|das)|vergessen sie (?:es|das)|lass(?:en sie)? (?:es|das)|nicht|"
    r"(?:storniere|stornieren sie|widerrufen sie|stoppen sie|stopp|abbrechen|zuruckziehen)"
    r"(?: (?:es|das|alles|beides))?|brechen sie (?:es|das|alles) ab|"
    r"(?:ich habe|ich hab) es mir anders uberlegt|"
    r"annule[rz]?(?: (?:cela|ca|tout))?|laisse[rz]? tomber|oublie[rz]?(?: (?:cela|ca))?|"
    r"arrete[rz]?|j'ai change d'avis|"
    r"cancel[ae](?:lo|la|los|todo)?|cancelar|olvid[ae]lo|dej[ae]lo|no lo haga[sn]?|"
    r"he cambiado de (?:opinion|idea))"
)
_WITHDRAWAL = re.compile(rf"(?:{_ASIDE} )*{_TAKEN_BACK}(?: {_ASIDE}| {_TAKEN_BACK})*")
_ACCENTS = str.maketrans("áàâäéèêëíîïóôöúùûüçñ’", "aaaaeeeeiiiooouuuucn'")


def takes_back(message: str) -> bool:
    """Say whether a message does nothing but take back what was asked for before."""
    text = whole(message).casefold()
    if len(text) > LONGEST or "?" in text:
        return False
    words = re.sub(r"[^\w' ]+", " ", text.translate(_ACCENTS))
    return _WITHDRAWAL.fullmatch(" ".join(words.split())) is not None


async def withdraw(
    parked: Sequence[ParkedRun], ids: Collection[str], dependencies: Dependencies
) -> tuple[ParkedRun, ...]:
    """Take requests back, and return the runs that still wait.

    Args:
        parked: The runs that wait.
        ids: The requests, by id; each is of one of the runs.
        dependencies: Where approvals are.
    """
    left: list[ParkedRun] = []
    for run in parked:
        update: dict[str, StepResult] = {}
        for name, result in run.results.items():
            request = result.approval
            if result.status != "waiting" or request is None or request.id not in ids:
                continue
            update[name] = await _withdrawn(result, request.id, REASON, dependencies)
        after = run.model_copy(update={"results": {**run.results, **update}})
        if after.approvals or after.questions:
            left.append(after)
    return tuple(left)


async def withdraw_open(
    results: Mapping[str, StepResult], stop: Stop, dependencies: Dependencies
) -> dict[str, StepResult]:
    """Take back what a run waits for, because it has stopped: nobody is left to carry it out.

    Returns:
        The results that have changed.
    """
    reason = f"The run has stopped. {stop.detail}".strip()
    return {
        name: await _withdrawn(result, result.approval.id, reason, dependencies)
        for name, result in results.items()
        if result.status == "waiting" and result.approval is not None
    }


def withdrawable(parked: Sequence[ParkedRun]) -> dict[str, str]:
    """Return all that waits and can be taken back: request id → what is to be done, in words.

    A call that may have happened already cannot; its request asks what became of it.
    """
    return {
        request.id: step_in_words(run, request.step)
        for run in parked
        for request in (*run.approvals, *run.questions)
        if not request.unknown_effect
    }


def step_in_words(run: ParkedRun, name: str) -> str:
    """Return what a waiting step of a run is for, as a user may read it."""
    return in_words(run.plan, name, asked_args(run.results.get(name)), said=run.task.text)


async def _withdrawn(
    result: StepResult, approval: str, reason: str, dependencies: Dependencies
) -> StepResult:
    await _take_back(approval, reason, dependencies)
    failure = Failure(kind=WITHDRAWN, message=reason)
    return result.model_copy(update={"status": "rejected", "failure": failure})


async def _take_back(approval: str, reason: str, dependencies: Dependencies) -> None:
    try:
        await dependencies.store.approvals.withdraw(approval, reason)
    except (DecisionError, NotFoundError) as error:
        # It was never put before anybody, or has lapsed, or was declined: it is not done anyway.
        _log.debug("%s needs no withdrawal: %s", approval, error)
