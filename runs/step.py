"""The current step of a lane: its inputs, resolved, and how the lane moves on from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal

from ..errors import ExpressionError, PlanError
from ..policy.recorded import facts_of
from ..state.approval import ShownEvidence
from ..state.conditions import control_taint, recovered
from ..state.data_classes import classes_of
from ..state.expansion import LOOP_STATUS
from ..state.instances import parts_of
from ..state.nesting import Nest, placed
from ..state.plan import Plan, Step
from ..state.provenance import argument_provenance, union
from ..state.readers import argument_readers, meet
from ..state.references import Reference, as_text, at_path, computed, read_by, resolve
from ..state.results import Attempt, Failure, StepResult, Verdict
from ..state.run import Run
from ..state.task import Attachment, Modality
from ..state.text import label
from ..state.values import Json, JsonObject, Readers, digest, size_of
from ..stores.interface import Payloads
from .lane_view import LaneView, StepEnded
from .memory import RunMemory

EXCERPT = 500
"""Characters of a large result that stay in state."""

NAMED = 80
"""Characters by which an item is told from others."""

SHOWN = 12
"""Pieces of evidence whose text goes with a request for approval."""


@dataclass(frozen=True, kw_only=True)
class Current:
    """One step, with everything that it refers to at hand."""

    run: Run
    plan: Plan
    step: Step
    results: dict[str, StepResult]
    """Earlier outcomes that it refers to, and its own if a person has cleared it."""
    earlier: tuple[Attempt, ...]
    """Attempts at it so far."""
    values: dict[str, Json]
    """Outputs of the steps it refers to, large ones loaded."""
    attachments: dict[str, str]
    """Attachment name → its text; for media, what it is."""
    files: tuple[Attachment, ...] = ()
    """Attachments that it refers to."""
    under: tuple[str, ...] = ()
    """Untrusted sources of the lists that it is looped over."""
    listed: Readers = None
    """Who may read all of the lists that it is looped over."""
    listed_class: tuple[str, ...] = ()
    """Classes of the data in the lists that it is looped over."""
    item: str = ""
    """What the items that it runs for are called, for people."""
    because: str = ""
    """Why it runs, where a condition decided it."""
    awaited: Mapping[str, StepResult] = field(default_factory=dict[str, StepResult])
    """Outcomes of the steps that it comes after."""
    rechecks: tuple[Current, ...] = ()
    """For an effect: the steps whose checks must still hold."""
    shared: frozenset[str] = frozenset()
    """Those of them that later effects rest on, too."""
    memory: RunMemory
    """Of the worker that performs it."""

    @property
    def now(self) -> datetime:
        """The time that expressions read: the run's start, which a replay has too."""
        return started(self.run)

    @property
    def attempt(self) -> int:
        """Number of the attempt at hand, from 1."""
        return len(self.earlier) + 1

    def lookup(self, ref: Reference) -> Json:
        """Return the value that a reference means. Raises `KeyError`."""
        if ref.attachment:
            return self.attachments[ref.attachment]
        return at_path(self.values[ref.step], ref.path)

    def args(self) -> JsonObject:
        """Return the step's arguments, references resolved. Raises `KeyError`."""
        return resolve(self.step.args, self.lookup, self.step.id, now=self.now)

    def bound(self) -> str:
        """Return a digest of the step and of what it got: another argument is another step."""
        try:
            args: Json = self.args()
        except (KeyError, PlanError) as error:
            args = str(error)
        media = [item.payload for item in self.media]
        return digest([self.step.to_json(), args, media])[:20]

    @property
    def media(self) -> tuple[Attachment, ...]:
        """Images, audio and video that it refers to."""
        return tuple(item for item in self.files if item.modality != "text")

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The kinds of media that a model has to take, text first."""
        return ("text", *sorted({item.modality for item in self.media}))

    @property
    def confidence(self) -> float | None:
        """The least confidence of the models whose results it uses; `None` where none did."""
        known = [
            result.attempts[-1].verdict.confidence
            for result in self.results.values()
            if result.attempts and result.attempts[-1].verdict
        ]
        return min((value for value in known if value is not None), default=None)

    def shown(self) -> tuple[ShownEvidence, ...]:
        """Return what the step's inputs rest on, as an approver reads it."""
        return tuple(
            ShownEvidence(
                id=item.id,
                source=item.source,
                text=text_at(self.values[id_], item.path)[:EXCERPT],
                trust=item.trust,
            )
            for id_, result in self.results.items()
            for item in result.evidence
        )

    def provenance(self) -> dict[str, tuple[str, ...]]:
        """Return argument path → untrusted sources."""
        return argument_provenance(self.step, self.results)

    def control(self) -> tuple[str, ...]:
        """Return the untrusted sources that decided that the step runs.

        These are behind the plan, the lists around the step, its condition, and those of the steps
        before it.
        """
        before = {**self.results, **self.awaited}
        return union([self.plan.taint, self.under, control_taint(self.step, before)])

    def decided(self, result: StepResult) -> tuple[str, ...]:
        """Return the untrusted sources that decided to what end the step came.

        What a plain success brought decided nothing. What rules on the output found, or what made
        it fail, may be what a source said.
        """
        plain = result.status in ("accepted", "waiting") and result.failure is None
        brought = () if plain and not self.step.checks else result.taint
        return union([self.control(), brought])

    def taint(self) -> tuple[str, ...]:
        """Return every untrusted source behind the step; its failure may quote their words."""
        return union([self.control(), *self.provenance().values()])

    def readers(self) -> Readers:
        """Return who may read all that it reads, what decided that it runs included."""
        read = [result.readers for result in self.results.values()]
        files = [item.readers for item in self.files]
        return meet([self.plan.readers, self.listed, *read, *files])

    def argument_readers(self) -> dict[str, tuple[str, ...]]:
        """Return argument path → readers, for those that not everybody may read."""
        if (cleared := self.cleared) is not None and cleared.approval is not None:
            # The arguments are those that a person has agreed to, and may have edited.
            return facts_of(cleared.approval).readers if cleared.approval.facts else {}
        files = {item.name: item.readers for item in self.files}
        around = meet([self.plan.readers, self.listed])
        return argument_readers(self.step, self.results, files, around)

    def data_class(self) -> tuple[str, ...]:
        """Return the classes of all that it reads, what decided that it runs included."""
        results = self.results.values()
        return classes_of(self.plan, results, files=self.files, heard=self.listed_class)

    def seconds(self, wanted: float, *, now: float) -> float:
        """Return the time for one attempt: what is wanted, or what the deadline leaves."""
        deadline = self.run.deadline_at
        return wanted if deadline is None else max(0.05, min(wanted, deadline - now))

    @cached_property
    def cleared(self) -> StepResult | None:
        """The step's own result, if a person has agreed to it.

        Where the plan was edited since, on a fork or in the state, they agreed to another step.
        """
        own = self.results.get(self.step.id)
        if own is None or own.status != "cleared":
            return None
        return own if own.bound in ("", self.bound()) else None


async def load(view: LaneView, payloads: Payloads) -> Current:
    """Load the current step of a lane, with the large values that it uses."""
    current = await _load(view, view.chain[0], view.attempts, payloads)
    if not view.rechecks:
        return current
    rechecks = [await _load(view, step_id, (), payloads) for step_id in view.rechecks]
    return replace(current, rechecks=tuple(rechecks), shared=view.shared)


async def _load(
    view: LaneView, step_id: str, earlier: tuple[Attempt, ...], payloads: Payloads
) -> Current:
    local, keys = parts_of(step_id)
    found, loops = placed((*view.plan.steps, *view.checked_steps.values()), local)
    step, nest = found.model_copy(update={"id": step_id}), Nest(loops, keys)
    uses = step.uses()
    wanted = {ref.step for ref in uses if ref.step} | {step.id}
    known = {
        id_: result
        for id_ in (*(nest.id_of(name) for name in wanted), *nest.loop_ids())
        if (result := view.result(id_)) is not None
    }
    results = {name: result for name in wanted if (result := nest.result(name, known)) is not None}
    after = ((name, view.result(nest.id_of(name))) for name in step.after)
    own = {name: result for name, result in results.items() if nest.id_of(name) in known}
    values = await _values(own, payloads, view.memory)
    values |= await _items(view, nest, payloads)
    files = {ref.attachment for ref in uses if ref.attachment}
    used = [item for item in view.attachments if item.name in files]
    return Current(
        run=view.run,
        plan=view.plan,
        step=step,
        results=results,
        earlier=earlier,
        values=values,
        under=nest.under(known),
        awaited={name: result for name, result in after if result is not None},
        listed=nest.readers(known),
        listed_class=nest.data_class(known),
        item=_called(nest, values),
        attachments={item.name: await text_of(item, payloads, view.memory) for item in used},
        files=tuple(used),
        memory=view.memory,
    )


def _called(nest: Nest, values: Mapping[str, Json]) -> str:
    """Name the items that a step runs for: by their keys, or by what they are where none is set."""
    names: list[str] = []
    for loop, key in zip(nest.loops, nest.keys, strict=True):
        own = loop.for_each
        value = None if own is None or own.key else values.get(own.item)
        names.append(label(key if value is None else as_text(value), limit=NAMED))
    return ", ".join(names)


async def _values(
    results: Mapping[str, StepResult], payloads: Payloads, memory: RunMemory
) -> dict[str, Json]:
    return {
        name: await output_of(result, payloads, memory)
        for name, result in results.items()
        if result.status == "accepted"
    }


async def _items(view: LaneView, nest: Nest, payloads: Payloads) -> dict[str, Json]:
    """Return the items that a step runs for, by their names."""
    found: dict[str, Json] = {}
    outer = Nest()
    for loop_step, id_, key in zip(nest.loops, nest.loop_ids(), nest.keys, strict=True):
        opened, loop = view.result(id_), loop_step.for_each
        if opened is not None and loop is not None:
            if opened.status == LOOP_STATUS:
                listed = await output_of(opened, payloads, view.memory)
            else:
                # A loop that has ended holds what it brought, no longer its list.
                listed = await _listed(view, loop.items, id_, outer, found, payloads)
            found[loop.item] = listed[opened.items.index(key)]
        outer = outer.inside(loop_step, key)
    return found


async def _listed(
    view: LaneView,
    items: str,
    where: str,
    nest: Nest,
    around: Mapping[str, Json],
    payloads: Payloads,
) -> Json:
    """Work out once more what a loop went through."""
    refs = tuple(read_by(items, "for_each.items"))
    read = {
        ref.step: result
        for ref in refs
        if (result := view.result(nest.id_of(ref.step))) is not None
    }
    values = {**await _values(read, payloads, view.memory), **around}
    named = {ref.attachment for ref in refs}
    used = [file for file in view.attachments if file.name in named]
    files = {file.name: await text_of(file, payloads, view.memory) for file in used}

    def lookup(ref: Reference) -> Json:
        return files[ref.attachment] if ref.attachment else at_path(values[ref.step], ref.path)

    return computed(items, lookup, where, now=started(view.run))


def text_at(output: Json, path: str) -> str:
    """Return the text of a piece of evidence."""
    try:
        return as_text(at_path(output, path))
    except KeyError:
        # A tool's `cite` named a place that its output does not have: cite the whole output.
        return as_text(output)


async def text_of(item: Attachment, payloads: Payloads, memory: RunMemory) -> str:
    """Return the text of a file; of media, what it is."""
    if item.modality != "text":
        return f"[{item.modality} {item.name}]"
    return as_text(await memory.value(item.payload, payloads))


async def output_of(
    result: StepResult, payloads: Payloads, memory: RunMemory | None = None
) -> Json:
    """Return a result's output, from the payload store where it is large. Do not change it."""
    if not result.payload:
        return result.output
    return await (memory or RunMemory()).value(result.payload, payloads)


def shrink(result: StepResult, max_inline: int) -> StepResult:
    """Move a large output out of state: its digest and its beginning stay."""
    if result.payload or size_of(result.output) <= max_inline:
        return result
    text = as_text(result.output)
    return result.model_copy(
        update={
            "output": None,
            "payload": digest(result.output),
            "size": len(text),
            "excerpt": text[:EXCERPT],
        }
    )


def leave(
    view: LaneView, result: StepResult, *, max_inline: int, verdict: Verdict | None = None
) -> StepEnded:
    """Return the update that ends the current step; its output is with the journal by now."""
    small = shrink(result, max_inline)
    if small.payload and not result.payload:
        view.memory.keep_value(small.payload, result.output)
    return StepEnded(result=small, verdict=verdict)


def ended(current: Current, status: Literal["failed", "stopped"], failure: Failure) -> StepResult:
    """Return the result of a step that ends before it ran."""
    return StepResult(
        step=current.step.id,
        status=status,
        failure=failure,
        taint=current.taint(),
        readers=current.readers(),
        data_class=current.data_class(),
        plan_version=current.plan.version,
    )


def started(run: Run) -> datetime:
    """Return when a run began."""
    return datetime.fromtimestamp(run.started_at, UTC)


def after_failure(current: Current, result: StepResult) -> StepResult:
    """Return what the step's `on_error` makes of its result, if that is a failure."""
    try:
        return recovered(current.step, result, current.lookup, now=current.now)
    except (KeyError, ExpressionError) as error:
        said = result.failure.message if result.failure else ""
        message = f"{said} The value to use instead could not be had: {error}"
        return result.model_copy(update={"failure": Failure(kind="expression", message=message)})
