"""Which model a reason or draft step asks, and what it may do without one."""

from __future__ import annotations

from ...errors import ExpressionError
from ...models.requests import Ranking, Role, Signals
from ...models.routing.router import NOT_GOOD_ENOUGH
from ...state.results import Failure, StepResult
from ...state.values import JsonObject, size_of
from ..dependencies import Dependencies
from ..lane_view import Route
from ..step import Current, ended


def role_of(current: Current, dependencies: Dependencies) -> Role | None:
    """Return the first configured role that can do the step."""
    wanted: tuple[Role, ...] = (
        ("reasoner", "generator", "chat")
        if current.step.kind == "reason"
        else ("generator", "chat")
    )
    return next((role for role in wanted if dependencies.models.serves(role)), None)


def signals_of(current: Current, role: Role) -> Signals:
    """Describe the step's call as its plan has it."""
    step = current.step
    return Signals(
        role=role,
        task_type=step.task_type,
        modalities=current.modalities,
        risk=step.risk,
        data_class=current.data_class(),
        needs_schema=True,
    )


async def route_model(current: Current, dependencies: Dependencies) -> Route | StepResult:
    """Rank the models that may take the step, knowing what became of earlier attempts."""
    step = current.step
    try:
        args = current.args()
    except KeyError as error:
        message = f"A reference finds nothing: {error.args[0]}."
        return ended(current, "failed", Failure(kind="arguments", message=message))
    except ExpressionError as error:
        return ended(current, "failed", Failure(kind="expression", message=str(error)))
    role = role_of(current, dependencies)
    provenance = current.provenance()
    if role is None:
        if step.kind == "draft":
            why = "no language model configured: extractive"
            return Route(action="extract", args=args, provenance=provenance, why=why)
        failure = Failure(kind="no_model", message="No language model is configured.")
        return ended(current, "failed", failure)
    signals = signals_of(current, role).model_copy(
        update={
            "context_tokens": size_of(args) // 3 + len(step.prompt) // 3,
            "output_tokens": step.max_tokens or 0,
            "verdicts": tuple(a.verdict.cause for a in current.earlier if a.verdict),
            "tried": tuple(a.performed_by for a in current.earlier),
            "request": f"{step.goal} {step.prompt}".strip(),
        }
    )
    ranking = await dependencies.models.rank(signals, run=current.run, step=step.id)
    return _first(ranking, current, args, provenance)


def _first(
    ranking: Ranking,
    current: Current,
    args: JsonObject,
    provenance: dict[str, tuple[str, ...]],
) -> Route | StepResult:
    last = current.earlier[-1].verdict if current.earlier else None
    tried = {attempt.performed_by for attempt in current.earlier}
    if last and last.cause == NOT_GOOD_ENOUGH and all(c.name in tried for c in ranking.candidates):
        # The same question to the same model is answered in the same way.
        failure = Failure(kind="no_answer", message=f"{last.reason} No other model may take it.")
        return ended(current, "failed", failure)
    if not ranking.candidates:
        reasons = "; ".join(f"{e.model}@{e.endpoint}: {e.reason}" for e in ranking.excluded)
        failure = Failure(
            kind="no_model", message=f"No model may take this step. {reasons}".strip()
        )
        return ended(current, "failed", failure)
    return Route(
        action="model",
        args=args,
        provenance=provenance,
        candidates=ranking.candidates,
        why=ranking.candidates[0].reason,
    )
