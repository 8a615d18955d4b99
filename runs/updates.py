"""What nodes change of a run, typed, and packed into the graph's channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from langchain_core.messages import AnyMessage
from langgraph.types import Overwrite

from ..state.answer import Answer
from ..state.edited import of_its_step
from ..state.migrations import VERSION_KEY
from ..state.nesting import roots
from ..state.parked import ParkedRun
from ..state.plan import Plan
from ..state.remembered import Remembered
from ..state.results import StepResult
from ..state.run import Run, Stop
from ..state.task import Task
from ..state.usage import Usage
from ..state.values import SCHEMA_VERSION, JsonObject, Record
from .memory import RunMemory
from .view import Channels, RunView


@dataclass(frozen=True, kw_only=True)
class RunUpdate:
    """What a node changes of a run; what is `None` stays as it is."""

    run: Run | None = None
    plan: Plan | None = None
    results: Mapping[str, StepResult | None] = field(default_factory=dict)
    """By step instance; `None` makes the step open again."""
    answer: Answer | None = None
    usage: Usage | None = None
    stop: Stop | None = None
    turns: int | None = None
    revisions: int | None = None
    looks: int | None = None
    refused: str | None = None
    messages: Sequence[AnyMessage] = ()
    said: Sequence[str] | None = None
    parked: Sequence[ParkedRun] | None = None
    taken_up: ParkedRun | None = None
    """The run that takes the place of this one."""
    remembered: Sequence[Remembered] | None = None
    """What the thread remembers from now on."""

    def pack(self, view: RunView) -> Channels:
        """Return the channels to write."""
        memory = view.memory
        results = self._packed_results(view)
        update: Channels = view.brought_up()
        if self.taken_up is not None:
            update |= _taken_up(self.taken_up, memory)
        records = {"run": self.run, "plan": self.plan, "answer": self.answer, "stop": self.stop}
        update |= {
            slot: _packed(slot, record, memory)
            for slot, record in records.items()
            if record is not None
        }
        if results:
            update["results"] = results
        if self.usage is not None:
            update["usage"] = self.usage.model_dump(mode="json")
        plain = {
            "turns": self.turns,
            "revisions": self.revisions,
            "looks": self.looks,
            "gate_error": self.refused,
        }
        update |= {channel: value for channel, value in plain.items() if value is not None}
        if self.said is not None:
            update["said"] = list(self.said)
        if self.parked is not None:
            update["parked"] = [run.to_json() for run in self.parked]
        if self.remembered is not None:
            update["remembered"] = _changes(view.remembered, self.remembered)
        if self.messages:
            update["messages"] = list(self.messages)
        return {**update, "fence": memory.fence}

    def _packed_results(self, view: RunView) -> dict[str, JsonObject | None]:
        memory, root = view.memory, roots(self.plan or view.plan) if self.results else {}
        packed: dict[str, JsonObject | None] = dict.fromkeys([*view.outdated, *self.results])
        for key, result in self.results.items():
            if result is not None:
                own = of_its_step(result, root, memory.step_digest)
                packed[key] = _packed(f"results {key}", own, memory)
        return packed


@dataclass(frozen=True, kw_only=True)
class NewRun:
    """A run that begins: everything of the one before it makes way."""

    run: Run
    task: Task
    plan: Plan | None = None
    """One that needs no planner."""
    parked: Sequence[ParkedRun] = ()
    remembered: Sequence[Remembered] = ()
    messages: Sequence[AnyMessage] = ()

    def pack(self, view: RunView) -> Channels:
        """Return the channels to write."""
        return {
            VERSION_KEY: SCHEMA_VERSION,
            "run": _packed("run", self.run, view.memory),
            "work": _packed("work", self.task, view.memory),
            "messages": list(self.messages),
            "task": "",
            "attachments": [],
            "plan": {} if self.plan is None else _packed("plan", self.plan, view.memory),
            "parked": [run.to_json() for run in self.parked],
            "said": [],
            "remembered": _changes(view.remembered, self.remembered),
            "results": Overwrite({}),
            "answer": {},
            "usage": {},
            "turns": 0,
            "revisions": 0,
            "looks": 0,
            "stop": None,
            "gate_error": "",
            "fence": view.memory.fence,
        }


def _changes(
    before: Mapping[str, Remembered], now: Sequence[Remembered]
) -> dict[str, JsonObject | None]:
    """Return what is to be written by name: what is new, and `None` for what is forgotten."""
    kept = {item.step.id: item for item in now}
    gone: dict[str, JsonObject | None] = {name: None for name in before if name not in kept}
    return gone | {name: item.to_json() for name, item in kept.items() if before.get(name) != item}


def _taken_up(parked: ParkedRun, memory: RunMemory) -> Channels:
    results = {
        name: _packed(f"results {name}", result, memory) for name, result in parked.results.items()
    }
    return {
        "run": _packed("run", parked.run, memory),
        "work": _packed("work", parked.task, memory),
        "plan": _packed("plan", parked.plan, memory),
        "results": Overwrite(results),
        "turns": parked.turns,
        "revisions": parked.revisions,
        "looks": parked.looks,
        "stop": None,
        "gate_error": "",
        "task": "",
        "attachments": [],
    }


def _packed(slot: str, record: Record, memory: RunMemory) -> JsonObject:
    raw = record.to_json()
    memory.keep(slot, raw, record)
    return raw
