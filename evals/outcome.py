"""RunOutcome: what one run did and said, as evaluators read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from langchain_core.messages import AIMessage

from ..errors import NotFoundError
from ..runs.calls import AcceptedCall, accepted_calls
from ..runs.dependencies import Dependencies
from ..runs.evidence import collect, outputs_of
from ..runs.phrases import language_spoken
from ..runs.step import started
from ..runs.telling import told
from ..runs.view import RunView
from ..state.answer import Answer
from ..state.run import Stop
from ..state.task import Task
from ..state.usage import Usage
from ..state.values import Record


class RunOutcome(Record):
    """What one run did and said."""

    answer: Answer
    meanwhile: tuple[str, ...] = ()
    """What the user was told while the run waited; the answer does not say it again."""
    request: str = ""
    """What was asked."""
    planner: str = ""
    calls: tuple[AcceptedCall, ...] = ()
    """In plan order."""
    asked: tuple[str, ...] = ()
    """Tools put before a person, in the order of asking."""
    performed: tuple[str, ...] = ()
    """Tools whose effects other than reading happened, as the ledger has it."""
    evidence: dict[str, str] = {}
    """Evidence id → source, and below it the full text."""
    notices: tuple[str, ...] = ()
    """What the run itself said of failed, declined and skipped steps and of its stop."""
    stop: Stop | None = None
    usage: Usage = Usage()
    seconds: float = 0.0


async def read_outcome(
    values: Mapping[str, Any], asked: Sequence[str], seconds: float, dependencies: Dependencies
) -> RunOutcome:
    """Read a finished run from its state and from the ledger."""
    view = RunView(values)
    plan, results, stop = view.plan, view.results, view.stop
    if view.answer is None:
        raise NotFoundError(
            "It has no answer.", where=f"run {view.run.id}", fix="Let the run come to its end."
        )
    evidence = await collect(results, dependencies.store.payloads)
    effects = await dependencies.store.effects.of_run(view.run.id)
    return RunOutcome(
        answer=view.answer,
        meanwhile=_meanwhile(view),
        request=view.task.text if view.task else "",
        planner=plan.planner,
        calls=accepted_calls(
            plan,
            results,
            await outputs_of(results, dependencies.store.payloads),
            now=started(view.run),
        ),
        asked=tuple(asked),
        performed=tuple(
            e.claim.tool for e in effects if e.state == "done" and e.claim.effect != "read"
        ),
        evidence={id_: f"{e.evidence.source}\n{e.text}" for id_, e in evidence.items()},
        notices=tuple(told(plan, results, stop, language_spoken(view.task or Task(text="")))),
        stop=stop,
        usage=view.usage,
        seconds=seconds,
    )


def _meanwhile(view: RunView) -> tuple[str, ...]:
    """Return what the agent has said in the turn before the answer."""
    since = takewhile(lambda message: isinstance(message, AIMessage), reversed(view.messages))
    return tuple(message.text for message in [*since][:0:-1])
