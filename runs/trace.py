"""Tracing: everything that is known of a thread, put together from checkpoints and store.

Checkpoints say what was asked and where it stands; the journal what was planned and came out; the
attempt log, the ledger, the approvals and the audit log by whom, why, how often and at what cost.
`docs/tracing.md` shows how it is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from ..errors import ConfigError, ExpressionError, NotFoundError
from ..state.answer import Answer
from ..state.instances import step_of
from ..state.migrations import read_stored
from ..state.plan import Plan, Step
from ..state.plan_drawing import drawn
from ..state.references import Reference, at_path, resolve
from ..state.results import StepResult
from ..state.run import Run, Stop
from ..state.task import Task
from ..state.usage import Usage
from ..state.values import Json, JsonObject, Record
from ..stores.interface import Payloads
from ..stores.records import ApprovalRecord, AuditEntry, EffectRecord, ModelAttempt
from .background import wait_for
from .calls import performed
from .dependencies import Dependencies
from .moments import approvals_at, checkpoint_id, effect_at, known_at, moment_of
from .plan_notes import is_plan_note
from .step import output_of, started
from .thread import config_of, read_thread
from .view import RunView

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph
    from langgraph.types import StateSnapshot

    from ..stores.store import SqlStore

DELETED = "(deleted)"
"""Stands for a payload that retention has removed."""


class ModelCall(Record):
    """One attempt at a model, with what was said."""

    attempt: ModelAttempt
    prompt: Json = None
    reply: Json = None


class StepTrace(Record):
    """One step of one version of the plan."""

    step: Step
    plan_version: int = 1
    args: JsonObject = {}
    """As the step got them; a reference that finds nothing yet stands as it is."""
    result: StepResult | None = None
    """`None`: the step has not come to its end."""
    output: Json = None
    approvals: tuple[ApprovalRecord, ...] = ()
    calls: tuple[ModelCall, ...] = ()
    effects: tuple[EffectRecord, ...] = ()


class CheckpointTrace(Record):
    """One checkpoint of a run, at which it can be replayed or forked."""

    id: str
    at: float
    """Unix time in seconds."""
    next: tuple[str, ...] = ()
    """The nodes that come next."""


class RunTrace(Record):
    """One run of the thread."""

    run: Run
    checkpoints: tuple[CheckpointTrace, ...] = ()
    """Oldest first."""
    task: Task | None = None
    plans: tuple[Plan, ...] = ()
    declined: str = ""
    """Why no planner made a plan."""
    steps: tuple[StepTrace, ...] = ()
    calls: tuple[ModelCall, ...] = ()
    """Model calls that belong to no step: planning, extracting, answering."""
    answer: Answer | None = None
    stop: Stop | None = None
    usage: Usage = Usage()

    def drawing(self) -> str:
        """Return the newest plan as a Mermaid flowchart, with what has become of its steps.

        It shows conditions, the items of loops, and looks by name; empty if nothing was planned.
        """
        results = {of.result.step: of.result for of in self.steps if of.result is not None}
        return drawn(self.plans[-1], results) if self.plans else ""


class Trace(Record):
    """A thread from its beginning."""

    thread: str
    status: Literal["absent", "fresh", "unfinished", "waiting", "finished"]
    """Where it stands, as `ThreadState` says."""
    runs: tuple[RunTrace, ...] = ()
    audit: tuple[AuditEntry, ...] = ()


async def trace(
    agent: CompiledStateGraph[Any, Any, Any, Any],
    thread: str,
    *,
    store: SqlStore | None = None,
    at: str = "",
) -> Trace:
    """Put together what is known of a thread.

    Args:
        agent: From `build_agent`, with the checkpointer that holds the thread.
        thread: The thread's id.
        store: The store that its runs write to; by default the agent's own.
        at: A checkpoint's id, or a moment in ISO 8601: only what was known by then.

    Raises:
        NotFoundError: Nobody has heard of the thread, or it had no checkpoint yet.
        ConfigError: The graph has no checkpointer; or it is not from `build_agent`, and no store
            was given.
    """
    records = store or _records_of(agent)
    _check_checkpointer(agent)
    config = config_of(thread)
    newest = await agent.aget_state(config)
    history = [snapshot async for snapshot in agent.aget_state_history(config)]
    return await _assembled(records, thread, newest, history, at)


def trace_now(
    agent: CompiledStateGraph[Any, Any, Any, Any],
    thread: str,
    *,
    store: SqlStore | None = None,
    at: str = "",
) -> Trace:
    """Like `trace`, for synchronous code with a synchronous checkpointer; blocks.

    Raises:
        NotFoundError: Nobody has heard of the thread, or it had no checkpoint yet.
        ConfigError: The graph has no checkpointer; or it is not from `build_agent`, and no store
            was given.
    """
    records = store or _records_of(agent)
    _check_checkpointer(agent)
    config = config_of(thread)
    newest, history = agent.get_state(config), [*agent.get_state_history(config)]
    return wait_for(_assembled(records, thread, newest, history, at))


def _check_checkpointer(agent: CompiledStateGraph[Any, Any, Any, Any]) -> None:
    if not agent.checkpointer:
        raise ConfigError(
            "This graph has no checkpointer, so it keeps no thread.",
            where="trace",
            fix="Build the agent with the checkpointer that its runs were given.",
        )


def _records_of(agent: object) -> SqlStore:
    dependencies = getattr(agent, "dependencies", None)
    if not isinstance(dependencies, Dependencies):
        raise ConfigError(
            "This graph does not know its store.",
            where="trace",
            fix="Give the graph that `build_agent` returned, or `store`.",
        )
    return dependencies.store


async def _assembled(
    store: SqlStore, thread: str, newest: StateSnapshot, history: Sequence[StateSnapshot], at: str
) -> Trace:
    if read_thread(thread, newest).status == "absent":
        raise NotFoundError("There is no such thread.", where=f"thread {thread}")
    history = known_at(thread, history, at) if at else history
    state = read_thread(thread, history[0] if at else newest)
    until = moment_of(history[0]) if at else math.inf
    notes = [note for note in await store.journal.notes(thread) if note["at"] <= until]
    audit = await store.audit.entries(thread)
    approvals = approvals_at(until, await store.approvals.of_thread(thread), audit)
    runs = [
        await _run_trace(store, states, notes, approvals, until)
        for states in _states(history).values()
    ]
    entries = [entry for entry in audit if entry.at <= until]
    return Trace(
        thread=thread,
        status=state.status,
        runs=tuple(runs),
        audit=_of_these([run.run.id for run in runs], entries),
    )


def _checkpoint(snapshot: StateSnapshot) -> CheckpointTrace:
    return CheckpointTrace(
        id=checkpoint_id(snapshot), at=moment_of(snapshot), next=tuple(snapshot.next)
    )


def _of_these(run_ids: Sequence[str], entries: Sequence[AuditEntry]) -> tuple[AuditEntry, ...]:
    """Return what concerns the runs of the thread: others may use its id with the same store."""
    return tuple(entry for entry in entries if not entry.run_id or entry.run_id in run_ids)


def _states(
    history: Sequence[StateSnapshot],
) -> dict[str, list[tuple[StateSnapshot, RunView]]]:
    """Return run id → its states, newest first, oldest run first; so does the history begin."""
    found: dict[str, list[tuple[StateSnapshot, RunView]]] = {}
    for snapshot in history:
        values: Any = snapshot.values
        if values.get("run"):
            view = RunView(values)
            found.setdefault(view.run.id, []).append((snapshot, view))
    return dict(reversed(found.items()))


async def _run_trace(
    store: SqlStore,
    states: Sequence[tuple[StateSnapshot, RunView]],
    notes: Sequence[JsonObject],
    approvals: Sequence[ApprovalRecord],
    until: float,
) -> RunTrace:
    view = states[0][1]
    run_id = view.run.id
    bodies = [n["body"] for n in notes if n["run_id"] == run_id and is_plan_note(n["kind"])]
    plans = tuple(
        read_stored(Plan, body, where=f"plan of run {run_id}")
        for body in bodies
        if "declined" not in body
    )
    declined = [body["declined"]["reason"] for body in bodies if "declined" in body]
    logs = (await RunLogs.read(store, run_id, approvals)).until(until)
    results = await _results(store, run_id, view, until)
    planned = {step.id for plan in plans for step in plan.every_step()}
    return RunTrace(
        run=view.run,
        checkpoints=tuple(_checkpoint(snapshot) for snapshot, _ in reversed(states)),
        task=view.task,
        plans=plans,
        declined=" ".join(declined),
        steps=_steps(
            plans,
            results,
            await _outputs(results.values(), store.payloads),
            logs,
            started(view.run),
        ),
        calls=tuple(c for c in logs.calls if step_of(c.attempt.step) not in planned),
        answer=view.answer,
        stop=view.stop,
        usage=view.usage,
    )


@dataclass(frozen=True, kw_only=True)
class RunLogs:
    """What is logged of one run, by step and not by version of the plan."""

    approvals: Sequence[ApprovalRecord] = ()
    calls: Sequence[ModelCall] = ()
    effects: Sequence[EffectRecord] = ()

    @classmethod
    async def read(
        cls, store: SqlStore, run_id: str, approvals: Sequence[ApprovalRecord]
    ) -> RunLogs:
        """Read what is logged of a run, whose requests are among those of its thread."""
        return cls(
            approvals=[a for a in approvals if a.run_id == run_id],
            calls=[await _call(a, store.payloads) for a in await store.attempts.of_run(run_id)],
            effects=await store.effects.of_run(run_id),
        )

    def until(self, moment: float) -> RunLogs:
        """Return what was logged by a moment, in Unix time."""
        return RunLogs(
            approvals=self.approvals,
            calls=[c for c in self.calls if c.attempt.started_at <= moment],
            effects=[effect_at(moment, e) for e in self.effects if e.claimed_at <= moment],
        )

    def of(self, step: str) -> RunLogs:
        """Return what concerns one step."""
        return RunLogs(
            approvals=[a for a in self.approvals if a.request.step == step],
            calls=[c for c in self.calls if c.attempt.step == step],
            effects=[e for e in self.effects if e.claim.step == step],
        )


def _steps(
    plans: Sequence[Plan],
    results: Mapping[tuple[int, str], StepResult],
    outputs: Mapping[str, Json],
    logs: RunLogs,
    now: datetime,
) -> tuple[StepTrace, ...]:
    """Return the steps of every version of the plan, those left out that a revision replaced.

    What the logs say of a step stands with its last version. Where forks have made two plans of one
    version, the later step of a name stands for both.
    """
    planned = {(plan.version, step.id): step for plan in plans for step in plan.steps}
    last_version = {step_id: version for version, step_id in sorted(planned)}
    return tuple(
        traced
        for (version, step_id), step in planned.items()
        if last_version[step_id] == version or (version, step_id) in results
        for traced in _traced(
            step,
            version,
            {key: result for (of, key), result in results.items() if of == version},
            outputs,
            logs if last_version[step_id] == version else RunLogs(),
            now,
        )
    )


def _traced(
    step: Step,
    version: int,
    results: Mapping[str, StepResult],
    outputs: Mapping[str, Json],
    logs: RunLogs,
    now: datetime,
) -> Iterator[StepTrace]:
    """Yield a step; after a loop the steps of its items, each under its instance's id."""
    if step.id not in results:
        yield _step(step, version, None, outputs, outputs, logs, now)
    for inner, result, values in performed(step, results, outputs, now):
        named = inner.model_copy(update={"id": result.step})
        yield _step(named, version, result, outputs, values, logs, now)


def _step(
    step: Step,
    version: int,
    result: StepResult | None,
    outputs: Mapping[str, Json],
    values: Mapping[str, Json],
    logs: RunLogs,
    now: datetime,
) -> StepTrace:
    accepted, logs = result is not None and result.status == "accepted", logs.of(step.id)
    return StepTrace(
        step=step,
        plan_version=version,
        args=_args(step, values, now),
        result=result,
        output=outputs.get(step.id) if accepted else None,
        approvals=tuple(logs.approvals),
        calls=tuple(logs.calls),
        effects=tuple(logs.effects),
    )


async def _results(
    store: SqlStore, run_id: str, view: RunView, until: float
) -> dict[tuple[int, str], StepResult]:
    """Return results by plan version and step; the state knows those that wait, too.

    The journal does not say when it was told of one, so of the past the state knows alone.
    """
    found = {(result.plan_version, key): result for key, result in view.results.items()}
    if until < math.inf:
        return found
    journaled = await store.journal.outcomes(run_id)
    return found | {(result.plan_version, result.step): result for result in journaled}


async def _outputs(results: Iterable[StepResult], payloads: Payloads) -> dict[str, Json]:
    outputs: dict[str, Json] = {}
    for result in results:
        if result.status == "accepted":
            try:
                outputs[result.step] = await output_of(result, payloads)
            except NotFoundError:
                outputs[result.step] = DELETED
    return outputs


def _args(step: Step, outputs: Mapping[str, Json], now: datetime) -> JsonObject:
    def lookup(reference: Reference) -> Json:
        if reference.attachment:
            return {"$attachment": reference.attachment}
        try:
            return at_path(outputs[reference.step], reference.path)
        except KeyError:
            return {"$from": reference.step, "path": reference.path}

    return {key: _value(value, lookup, now) for key, value in step.args.items()}


def _value(value: Json, lookup: Callable[[Reference], Json], now: datetime) -> Json:
    """Return an argument as the step got it; one that could not be worked out stands as it is."""
    try:
        return resolve(value, lookup, now=now)
    except (KeyError, ExpressionError):
        return value


async def _call(attempt: ModelAttempt, payloads: Payloads) -> ModelCall:
    return ModelCall(
        attempt=attempt,
        prompt=await _payload(attempt.prompt, payloads),
        reply=await _payload(attempt.reply, payloads),
    )


async def _payload(digest: str, payloads: Payloads) -> Json:
    try:
        return await payloads.get(digest) if digest else None
    except NotFoundError:
        return DELETED
