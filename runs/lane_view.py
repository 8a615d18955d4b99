"""LaneView: one chain of steps on its way, typed in both directions.

A lane keeps no checkpoints. What it is sent and what it hands back are plain JSON, as the state
above it is; what passes between its own nodes are the records themselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Annotated, Any, Literal, Required, TypeVar

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from ..models.requests import Candidate
from ..state.agent import read
from ..state.channels import merge_two
from ..state.context import AgentContext
from ..state.edited import of_its_step
from ..state.expansion import rest_of
from ..state.instances import parts_of
from ..state.migrations import migrated
from ..state.nesting import nest_of, roots
from ..state.plan import Plan, Step
from ..state.results import FINAL, Attempt, StepResult, Verdict
from ..state.run import Run
from ..state.task import Attachment
from ..state.values import JsonObject, Record
from ..state.verdict import ActOutcome
from .dependencies import Dependencies
from .memory import RunMemory

R = TypeVar("R", bound=Record)
U = TypeVar("U")


class Route(Record):
    """How the current step will run."""

    action: Literal["tool", "model", "extract"]
    """`extract`: no model serves the role, and the step can be done from its inputs alone."""
    args: JsonObject = {}
    approval: str = ""
    """Id of the approval that allows it; checked again by `act`."""
    again: str = ""
    """The same approval, if by it a person lets an equal call happen once more."""
    leans_on: str = ""
    """The standing consents by which it runs unattended; checked again by `act`."""
    provenance: dict[str, tuple[str, ...]] = {}
    candidates: tuple[Candidate, ...] = ()
    why: str = ""
    because: str = ""
    """What the step's condition said, if it has one."""


class LaneState(TypedDict, total=False):
    """One chain of steps on its way; never checkpointed, rebuilt from the journal."""

    schema_version: int
    run: Required[JsonObject]
    plan: Required[JsonObject]
    """The plan, reduced to the chain and what is needed to run it."""
    chain: Required[list[str]]
    """Step ids in order; the first is current."""
    inputs: JsonObject
    """Step id → `StepResult` of accepted steps outside the chain that it refers to."""
    checked: dict[str, list[str]]
    """Step, or loop for all its items → instances of steps whose checks must still hold before an
    approved call is made."""
    shared: list[str]
    """Those of these instances that effects beside the lane rest on, too."""
    checked_steps: list[JsonObject]
    """These steps, and the loops around them, as far as the plan above does not hold them."""
    outdated: list[str]
    """Results on the state above that go with the first that the lane brings: once an edited step
    has run again, nothing tells them from results that still hold."""
    dispatch: str
    """Of the lanes that run side by side, by which they find each other."""
    beside: list[str]
    """Steps of the lanes beside it whose results it waits for."""
    attachments: list[JsonObject]
    """`Attachment`s that the chain refers to; their content stays in the payload store."""
    results: Annotated[JsonObject, merge_two]
    """Outcomes of this lane."""
    route: Route | None
    """What `route` decided for the current step."""
    outcome: ActOutcome | None
    """What `act` brought back."""
    verdict: Verdict | None
    attempts: tuple[Attempt, ...]
    """Attempts at the current step so far."""


class LaneOutput(TypedDict, total=False):
    """What a lane hands back."""

    results: Annotated[JsonObject, merge_two]


class LaneView:
    """A lane as it stands.

    Args:
        state: The lane's channels.
        memory: What the worker that holds the thread remembers; without one all is parsed anew.

    Raises:
        OperatorError: A newer release has sent the lane, or a part of it cannot be read.
    """

    def __init__(self, state: Mapping[str, Any], memory: RunMemory | None = None) -> None:
        self._state = migrated("lane", state)
        self._taken: dict[str, JsonObject] = {}
        self.memory = memory or RunMemory()

    @cached_property
    def run(self) -> Run:
        """The run that the lane belongs to."""
        return self._record("run", Run, self._state["run"])

    @cached_property
    def plan(self) -> Plan:
        """The plan, reduced to the lane's steps."""
        raw = self._state["plan"]
        return self._record(f"plan {raw['steps'][0]['id']}", Plan, raw)

    @property
    def chain(self) -> list[str]:
        """The steps that are left, the current one first."""
        return self._state["chain"]

    @property
    def current(self) -> Step:
        """The current step, as the plan has it."""
        return self.plan.step(parts_of(self.chain[0])[0])

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Attempts at the current step so far."""
        return read(self._state, "attempts", ())

    @property
    def may_run(self) -> bool:
        """Whether the current step was routed, and has not been performed since."""
        return read(self._state, "route") is not None

    @property
    def route(self) -> Route:
        """What was decided for the current step. Raises `KeyError` before that."""
        return self._state["route"]

    @property
    def outcome(self) -> ActOutcome:
        """What the last attempt brought back. Raises `KeyError` before that."""
        return self._state["outcome"]

    @cached_property
    def attachments(self) -> tuple[Attachment, ...]:
        """The files that the lane's steps refer to."""
        given = read(self._state, "attachments", [])
        return tuple(self._record(f"file {item['name']}", Attachment, item) for item in given)

    @cached_property
    def rechecks(self) -> tuple[str, ...]:
        """The instances of steps whose checks must still hold before the current call is made."""
        if not self._is_effect:
            return ()
        results = ((c, self.result(c)) for c in self._rests_on(self.chain[0]))
        return tuple(c for c, result in results if result and result.status == "accepted")

    @cached_property
    def shared(self) -> frozenset[str]:
        """Those that later effects rest on, too, of this lane or beside it."""
        beside: list[str] = read(self._state, "shared", [])
        return frozenset(
            c
            for c in self.rechecks
            if c in beside or any(c in self._rests_on(later) for later in self.chain[1:])
        )

    def _rests_on(self, step_id: str) -> list[str]:
        checked: dict[str, list[str]] = read(self._state, "checked", {})
        loops = nest_of(self.plan, step_id).loop_ids() if checked else ()
        return [c for id_ in (*loops, step_id) for c in checked.get(id_, [])]

    @property
    def _is_effect(self) -> bool:
        result = self.result(self.chain[0])
        cleared = result is not None and result.status == "cleared"
        return cleared or self.current.tool in self.plan.ordered

    @cached_property
    def checked_steps(self) -> dict[str, Step]:
        """Steps of the plan around the lane, which its checks come from."""
        given = read(self._state, "checked_steps", [])
        return {item["id"]: self._record(f"checked {item['id']}", Step, item) for item in given}

    @property
    def awaited(self) -> tuple[str, ...]:
        """Steps of lanes beside it that the current step needs, and whose results it has not."""
        beside: list[str] = read(self._state, "beside", [])
        rested = self._rests_on(self.chain[0]) if self._is_effect else []
        wanted = self.current.needs() | {*rested}
        return tuple(n for n in beside if n in wanted and self.result(n) is None)

    async def take(self, key: str) -> StepResult | None:
        """Wait for a step of a lane beside and take in its result; `None` if it brings none."""
        raw = await self.memory.arrivals.result(read(self._state, "dispatch", ""), key)
        if raw is not None:
            self._taken[key] = raw
        return self.result(key)

    def bring(self, results: Mapping[str, JsonObject], left: Sequence[str]) -> None:
        """Hand results to the lanes beside, and say which steps of the chain do not come.

        Args:
            results: What has ended for good, by step.
            left: The steps that the lane goes on with.
        """
        dispatch: str = read(self._state, "dispatch", "")
        for key, raw in results.items():
            self.memory.arrivals.came(dispatch, key, raw)
        self.memory.arrivals.never_comes(dispatch, set(self.chain).difference(left))

    @property
    def inputs(self) -> JsonObject:
        """Results that the lane was sent, or has taken from lanes beside."""
        sent: JsonObject = read(self._state, "inputs", {})
        return {**sent, **self._taken} if self._taken else sent

    @property
    def removed(self) -> dict[str, None]:
        """What the lane removes from the state above."""
        outdated: list[str] = read(self._state, "outdated", [])
        return dict.fromkeys(outdated)

    def result(self, key: str) -> StepResult | None:
        """Return a step's result, if the lane has it: its own, or one that it was sent or took."""
        own = read(self._state, "results", {}).get(key)
        raw = own if own is not None else self.inputs.get(key)
        return None if raw is None else self._record(f"results {key}", StepResult, raw)

    def _record(self, slot: str, kind: type[R], raw: JsonObject) -> R:
        return self.memory.read(slot, kind, raw, where="lane")


@dataclass(frozen=True, kw_only=True)
class Routed:
    """The current step may run."""

    route: Route

    def pack(self, view: LaneView) -> JsonObject:
        """Return the channels to write."""
        return {"route": self.route, "outcome": None, "verdict": None, "inputs": view.inputs}


@dataclass(frozen=True, kw_only=True)
class GaveWay:
    """The lane ends: what the current step needs has not come, or came to nothing."""

    def pack(self, view: LaneView) -> JsonObject:
        """Return the channels to write."""
        view.bring({}, ())
        return {"chain": [], "route": None}


@dataclass(frozen=True, kw_only=True)
class Performed:
    """The current step was tried once."""

    outcome: ActOutcome

    def pack(self, view: LaneView) -> JsonObject:  # noqa: ARG002 - all updates are packed alike
        """Return the channels to write."""
        return {"outcome": self.outcome}


@dataclass(frozen=True, kw_only=True)
class TryAgain:
    """The current step goes back to be routed."""

    verdict: Verdict
    attempts: tuple[Attempt, ...]

    def pack(self, view: LaneView) -> JsonObject:  # noqa: ARG002
        """Return the channels to write."""
        return {"verdict": self.verdict, "attempts": self.attempts, "route": None}


@dataclass(frozen=True, kw_only=True)
class StepEnded:
    """The current step has its result, and the next one is current.

    The rest of a chain needs this step, so anything but acceptance ends the lane; in a loop it ends
    the item, and the lane goes on with the next.
    """

    result: StepResult
    verdict: Verdict | None = None

    def pack(self, view: LaneView) -> JsonObject:
        """Return the channels to write."""
        result = of_its_step(self.result, roots(view.plan), view.memory.step_digest)
        key, raw = result.step, result.to_json()
        view.memory.keep(f"results {key}", raw, result)
        left = view.chain[1:] if self.result.status == "accepted" else self._rest(view)
        view.bring({key: raw} if self.result.status in FINAL else {}, left)
        return {
            "results": {**view.removed, key: raw},
            "inputs": view.inputs,
            "chain": left,
            "attempts": (),
            "route": None,
            "outcome": None,
            "verdict": self.verdict,
        }

    def _rest(self, view: LaneView) -> list[str]:
        return [] if self.result.status == "stopped" else rest_of(view.plan, view.chain)


def releasing(
    node: Callable[[LaneView, Runtime[AgentContext], Dependencies], Awaitable[U]],
) -> Callable[[LaneView, Runtime[AgentContext], Dependencies], Awaitable[U]]:
    """Have a node of the lane that raises, or is cancelled, release the lanes that wait for it."""

    @wraps(node)
    async def released(
        view: LaneView, runtime: Runtime[AgentContext], dependencies: Dependencies
    ) -> U:
        done = False
        try:
            update = await node(view, runtime, dependencies)
            done = True
        finally:
            if not done:
                view.bring({}, ())
        return update

    return released
