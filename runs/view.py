"""RunView: the one door to a run's state, typed in both directions.

A view reads the graph's channels, brought up from whatever version wrote them; each part is parsed
when it is first asked for, and once. What a node returns is a `RunUpdate`, which is packed here and
nowhere else.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from langchain_core.messages import AnyMessage

from ..state.agent import read
from ..state.answer import Answer
from ..state.edited import of_other_steps
from ..state.instances import parts_of
from ..state.migrations import VERSION_KEY, migrated, not_stored_so
from ..state.nesting import around, nest_of, outermost
from ..state.parked import ParkedRun
from ..state.plan import Plan, Step
from ..state.rechecks import Rechecks
from ..state.references import Reference
from ..state.remembered import Remembered
from ..state.results import StepResult
from ..state.run import Run, Stop
from ..state.task import Task
from ..state.usage import Usage
from ..state.values import SCHEMA_VERSION, Json, JsonObject, Record
from .memory import RunMemory

R = TypeVar("R", bound=Record)
T = TypeVar("T")

Channels = dict[str, Any]
"""What LangGraph takes as an update of the state."""


class RunView:
    """A run as its newest state has it.

    Args:
        state: The graph's channels.
        memory: What the worker that holds the thread remembers; without one all is parsed anew.

    Raises:
        OperatorError: A newer release has written the state, or a part of it cannot be read.
    """

    def __init__(self, state: Mapping[str, Any], memory: RunMemory | None = None) -> None:
        self._stored = state
        # A thread without a run holds nothing but what a caller has just given.
        self._state = migrated("state", state) if state.get("run") else state
        self.memory = memory or RunMemory()

    @property
    def begun(self) -> bool:
        """Whether the thread has a run at all."""
        return bool(read(self._state, "run"))

    @cached_property
    def run(self) -> Run:
        """The run."""
        return self._record("run", Run, self._state["run"])

    @cached_property
    def task(self) -> Task | None:
        """What was asked, once it has been taken in."""
        return self._optional("work", Task)

    @property
    def planned(self) -> bool:
        """Whether there is a plan."""
        return bool(read(self._state, "plan"))

    @cached_property
    def plan(self) -> Plan:
        """The plan; an empty one where none has been made."""
        return self._optional("plan", Plan) or Plan()

    @cached_property
    def results(self) -> dict[str, StepResult]:
        """Results of the plan as it stands, by step instance."""
        gone = self.outdated
        return {key: result for key, result in self._on_state.items() if key not in gone}

    @cached_property
    def outdated(self) -> frozenset[str]:
        """Results on the state that are of steps which a person has edited since, or removed."""
        found = self._on_state
        if not found:
            return frozenset()
        return of_other_steps(self.plan, found, self.memory.step_digest)

    @cached_property
    def _on_state(self) -> dict[str, StepResult]:
        raw = self._objects("results")
        return {
            key: self._record(f"results {key}", StepResult, value) for key, value in raw.items()
        }

    @cached_property
    def answer(self) -> Answer | None:
        """The answer, once it is written."""
        return self._optional("answer", Answer)

    @cached_property
    def usage(self) -> Usage:
        """What the run has used, as of its end."""
        return self._optional("usage", Usage) or Usage()

    @cached_property
    def stop(self) -> Stop | None:
        """The hard stop that ended the run, if one did."""
        return self._optional("stop", Stop)

    @property
    def turns(self) -> int:
        """Passes through `plan` so far."""
        return self._count("turns")

    @property
    def revisions(self) -> int:
        """Revisions of the plan so far."""
        return self._count("revisions")

    @property
    def looks(self) -> int:
        """Times that the planner was asked again by its own plan."""
        return self._count("looks")

    @cached_property
    def parked(self) -> tuple[ParkedRun, ...]:
        """Earlier runs of the thread that wait for a person, oldest first."""
        raw = self._list("parked")
        return tuple(self._record(f"parked {n}", ParkedRun, value) for n, value in enumerate(raw))

    @cached_property
    def remembered(self) -> dict[str, Remembered]:
        """Results of earlier turns, by the name that plans use; oldest first."""
        raw = self._objects("remembered")
        items = [self._record(f"remembered {n}", Remembered, value) for n, value in raw.items()]
        # A run that was taken up again brings its results at their first place.
        return {item.step.id: item for item in sorted(items, key=lambda item: item.at)}

    @property
    def said(self) -> tuple[str, ...]:
        """Digests of what the agent has said besides its answers."""
        return tuple(self._list("said"))

    def as_parked(self) -> ParkedRun:
        """Return the run as it is put aside."""
        return ParkedRun(
            run=self.run,
            task=self.task or Task(text=""),
            plan=self.plan,
            results=self.results,
            turns=self.turns,
            revisions=self.revisions,
            looks=self.looks,
        )

    @cached_property
    def waiting(self) -> tuple[ParkedRun, ...]:
        """Every run of the thread that waits for a person, this one last."""
        own = () if not self.planned or self.stop is not None else (self.as_parked(),)
        return tuple(run for run in (*self.parked, *own) if run.approvals or run.questions)

    @property
    def refused(self) -> str:
        """Why the last decision on what waits was refused; empty if it was not."""
        return self._of("gate_error", str, "a text")

    @property
    def messages(self) -> list[AnyMessage]:
        """The conversation."""
        return self._list("messages")

    @property
    def given_task(self) -> Any:
        """What the caller gave as a task, unchecked."""
        return read(self._state, "task", "")

    @property
    def given_attachments(self) -> list[JsonObject]:
        """What the caller attached, unchecked."""
        return read(self._state, "attachments", [])

    @property
    def is_next(self) -> bool:
        """Whether nobody has worked on the thread since this state was written.

        A run that begins here is new: nothing can be on record of it. A fork, a replay, a restart
        after a crash and a thread of a larger graph are not told apart; they look into the journal.
        """
        fence = self.memory.fence
        if not fence:
            return True
        return self.memory.whole_thread and fence == self._count("fence") + 1

    def lanes(self, chains: Sequence[Sequence[str]]) -> list[JsonObject]:
        """Return what lanes are sent that run side by side."""
        dispatch = secrets.token_hex(8)
        ids = frozenset(id_ for chain in chains for id_ in chain)
        common = {"dispatch": dispatch, "outdated": sorted(self.outdated - ids)}
        return [{**self.lane(chain, beside=ids.difference(chain)), **common} for chain in chains]

    def lane(self, chain: Sequence[str], *, beside: frozenset[str] = frozenset()) -> JsonObject:
        """Return what one lane is sent: its steps, and the results and files that they use.

        Args:
            chain: Its steps in order.
            beside: Steps of the lanes that run at the same time.
        """
        plan, results, raw = self.plan, self.results, self._state["plan"]
        tops, again = outermost(plan, chain), self._looked_at_again(chain)
        packed = dict(zip((step.id for step in plan.steps), raw["steps"], strict=True))
        uses = [*again.uses, *(ref for step in tops for ref in step.uses())]
        files = {ref.attachment for ref in uses if ref.attachment}
        cleared = {id_ for id_ in chain if id_ in results and results[id_].status == "cleared"}
        awaited = {id_ for top in tops for step in top.every() for id_ in step.after}
        read = {ref.step for ref in uses if ref.step} | awaited | again.instances
        needed = (read - set(chain)) | cleared | around(plan, chain)
        sent = {key: value for key, value in raw.items() if key != "answer"}
        sent["steps"] = [packed[step.id] for step in tops]
        own = plan.model_copy(update={"steps": tops, "answer": ()})
        self.memory.keep(f"plan {tops[0].id}", sent, own)
        return {
            VERSION_KEY: SCHEMA_VERSION,
            "run": self._state["run"],
            "plan": sent,
            "chain": list(chain),
            "checked": again.by_step,
            "shared": list(again.shared),
            "checked_steps": [packed[step.id] for step in again.steps if step not in tops],
            "beside": sorted(beside & {*again.checks, *(n for s in tops for n in s.needs())}),
            "attachments": self._files(files) if files else [],
            "inputs": {
                id_: self._last_attempt_only(id_) for id_ in sorted(needed & results.keys())
            },
        }

    def _files(self, names: Set[str]) -> list[JsonObject]:
        given = self.task.attachments if self.task else ()
        packed = zip(given, self._objects("work").get("attachments", []), strict=True)
        return [raw for file, raw in packed if file.name in names]

    def _looked_at_again(self, chain: Sequence[str]) -> LookedAtAgain:
        """Return the checks that the effects of a lane rest on."""
        results, by_step = self.results, dict[str, list[str]]()
        effects = [step_id for step_id in chain if self._is_effect(step_id)]
        if not effects or not any(step.checks or step.when for step in self.plan.every_step()):
            return LookedAtAgain()
        rechecks = Rechecks(self.plan, results)
        for step_id in effects:
            by_step[step_id] = list(rechecks.of(step_id))
            for loop_id in nest_of(self.plan, step_id).loop_ids():
                by_step[loop_id] = list(rechecks.outside(loop_id))
        by_step = {step_id: some for step_id, some in by_step.items() if some}
        instances = {step_id for some in by_step.values() for step_id in some}
        steps = outermost(self.plan, sorted(instances))
        return LookedAtAgain(
            by_step=by_step,
            shared=sorted(instances & rechecks.beside(chain)),
            steps=steps,
            uses=tuple(ref for step in steps for ref in step.uses()),
            instances=frozenset([*instances, *around(self.plan, instances)]) & results.keys(),
        )

    def _is_effect(self, step_id: str) -> bool:
        """Whether a step is known to change something; plans of earlier releases do not say so."""
        result = self.results.get(step_id)
        cleared = result is not None and result.status == "cleared"
        return cleared or self.plan.step(parts_of(step_id)[0]).tool in self.plan.ordered

    def _last_attempt_only(self, key: str) -> JsonObject:
        raw: JsonObject = self._state["results"][key]
        known = self.results[key]
        if len(known.attempts) <= 1 or known.status == "cleared":
            return raw
        return {**raw, "attempts": raw["attempts"][-1:]}

    def brought_up(self) -> Channels:
        """Return the channels that a migration has changed, to be written with the next update."""
        if self._state is self._stored:
            return {}
        return {
            name: value
            for name, value in self._state.items()
            if name not in self._stored or value is not self._stored[name]
        }

    def _count(self, channel: str) -> int:
        return self._of(channel, int, "a whole number")

    def _objects(self, channel: str) -> JsonObject:
        return self._of(channel, dict, "an object")

    def _list(self, channel: str) -> list[Any]:
        return self._of(channel, list, "a list")

    def _of(self, channel: str, kind: type[T], what: str) -> T:
        """Return what a channel holds, empty where nothing has been written."""
        value: Json = read(self._state, channel, kind())
        if type(value) is not kind:  # Exactly: a truth value is a number, too.
            raise not_stored_so(f"state.{channel}", what, value)
        return value

    def _optional(self, channel: str, kind: type[R]) -> R | None:
        raw = read(self._state, channel, {})
        return None if raw == {} else self._record(channel, kind, raw)

    def _record(self, slot: str, kind: type[R], raw: JsonObject) -> R:
        return self.memory.read(slot, kind, raw, where="state")


@dataclass(frozen=True, kw_only=True)
class LookedAtAgain:
    """What a lane is sent of the checks that must still hold."""

    by_step: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Step, or loop for all its items → instances of the steps with checks."""
    shared: Sequence[str] = ()
    """Those that effects beside the lane rest on, too."""
    steps: Sequence[Step] = ()
    """These steps, or the outermost loops around them."""
    uses: Sequence[Reference] = ()
    """What they refer to."""
    instances: frozenset[str] = frozenset()
    """Their instances and the loops around them, whose results are needed."""

    @property
    def checks(self) -> frozenset[str]:
        """All instances that one of the lane's effects rests on."""
        return frozenset(one for some in self.by_step.values() for one in some)
