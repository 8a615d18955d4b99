"""One protocol for everything that can turn a task into a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..models.requests import Emit
from ..state.data_classes import classes_of
from ..state.plan import Plan
from ..state.provenance import union
from ..state.readers import read_so_far
from ..state.remembered import Remembered
from ..state.results import StepResult
from ..state.run import Run
from ..state.shapes import Shape
from ..state.task import Task
from ..state.values import Json, JsonObject, Readers, Record
from ..tools.contract import ToolContract


class Waits(Record):
    """A request of an earlier turn that waits for a person."""

    id: str
    """The approval's id."""
    words: str
    """What is to be done, as a user may read it."""
    tool: str
    args: JsonObject
    sources: tuple[str, ...] = ()
    """Untrusted sources that its arguments were computed from."""
    data_class: tuple[str, ...] = ()
    """Classes of the data that its arguments may repeat."""
    in_doubt: bool = False
    """Whether the call was made, and a person is asked what became of it."""


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """What a planner may know."""

    task: Task
    run: Run
    tools: Sequence[ToolContract]
    """Only the tools that this principal may use for this task."""
    instructions: str = ""
    """Who the agent is and what it must keep to."""
    version: int = 1
    previous: Plan | None = None
    """On revision: the plan that did not work out."""
    results: Mapping[str, StepResult] = field(default_factory=dict[str, StepResult])
    """On revision: what its steps produced. Accepted steps stay as they are."""
    problem: str = ""
    """On revision: what went wrong, in one paragraph."""
    look: str = ""
    """What the previous plan left to be decided, if it asked to look again."""
    looks_left: int = 0
    """Further looks that the run has."""
    remembered: Mapping[str, Remembered] = field(default_factory=dict[str, Remembered])
    """Results of earlier turns, by the name that a plan may use."""
    waits: Sequence[Waits] = ()
    """What earlier turns of the thread wait for."""
    outputs: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """Outputs of the accepted steps, whole."""
    seen: Mapping[str, Shape] = field(default_factory=dict[str, Shape])
    """What outputs of tools looked like so far, by tool."""
    emit: Emit | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """Tools that change nothing. What carries data out among them asks for itself."""
        return tuple(tool.name for tool in self.tools if tool.effect == "read")

    @property
    def sources(self) -> tuple[str, ...]:
        """Untrusted sources whose words a planner reads that is shown all of this."""
        read = self._read
        # What untrusted outputs call their fields is shown to nobody who has read nothing yet.
        return union([read, self.seen_sources]) if read else ()

    @property
    def seen_sources(self) -> tuple[str, ...]:
        """Untrusted sources of the names in seen shapes."""
        untrusted = (t for t in self.tools if t.trust == "untrusted" and t.name in self.seen)
        return tuple(f"tool:{tool.name}#seen" for tool in untrusted)

    @property
    def _read(self) -> tuple[str, ...]:
        foreign = [
            (f"{tool.described_by}#{tool.name}",) for tool in self.tools if tool.described_by
        ]
        earlier = self.previous.taint if self.previous else ()
        results = [result.taint for result in self.results.values()]
        recalled = [item.result.taint for item in self.remembered.values()]
        waits = [waiting.sources for waiting in self.waits]
        return union([self.task.heard, earlier, *foreign, *results, *recalled, *waits])

    @property
    def readers(self) -> Readers:
        """Who may read all that a planner reads that is shown all of this."""
        shown = {name: item.result for name, item in self.remembered.items()}
        return read_so_far(self.previous or Plan(), {**shown, **self.results}, self.task.readers)

    @property
    def data_class(self) -> tuple[str, ...]:
        """Classes of the data that a planner reads that is shown all of this."""
        recalled = (item.result for item in self.remembered.values())
        waits = (waiting.data_class for waiting in self.waits)
        return classes_of(
            self.previous or Plan(),
            [*self.results.values(), *recalled],
            heard=union([self.task.data_class, *waits]),
        )


@dataclass(frozen=True, kw_only=True)
class Declined:
    """A planner's refusal, with what the person should know."""

    planner: str
    reason: str
    missing: tuple[str, ...] = ()
    """Arguments that the task does not give, in words."""
    can_do: tuple[str, ...] = ()
    """What the agent could do instead, one line each."""
    taint: tuple[str, ...] = ()
    """Untrusted sources whose words the reason may repeat."""
    said: str = ""
    """The planner's own words to the user, if it has any."""
    trouble: bool = False
    """Whether something did not work; else there is nothing that fits the request."""


class Planner(Protocol):
    """Turns a task into a plan, or declines."""

    async def plan(self, request: PlanRequest) -> Plan | Declined:
        """Return a plan that passes `check_plan`, or decline.

        A planner does not raise for what a model or a user wrote; it declines and says why.
        It may raise `BudgetExceededError`: the run then ends with that reason.
        """
        ...
