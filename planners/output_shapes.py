"""What comes back from each tool, as planners are told it and as plans are held to it.

An `output_schema` holds every output, and an annotation is its author's word: a plan that reads
what they do not have is refused. What was only seen, and what a foreign server says of its own
tool, may be otherwise next time: it makes a plan doubtful, and the planner is told once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import PlanError
from ..models.blocks import Block
from ..state.checks import check_plan
from ..state.plan import Plan
from ..state.provenance import union
from ..state.seen import bare, refined, widened
from ..state.shapes import ANY, Shape, shape_of
from ..tools.contract import ToolContract
from .protocols import PlanRequest


@dataclass(frozen=True, kw_only=True)
class ToldShape:
    """What a planner is told of a tool's output, and in which words."""

    shape: Shape
    words: str
    sources: tuple[str, ...] = ()
    """Untrusted sources that chose the names in it; with any it stands in a block."""


def held_to(plan: Plan, request: PlanRequest) -> Mapping[str, Shape]:
    """Return tool → the shape by which a plan that calls it is refused."""
    found = {c.name: _held(c, request.seen.get(c.name)) for c in called(plan, request)}
    return {name: shape for name, shape in found.items() if shape is not None}


def called(plan: Plan, request: PlanRequest) -> list[ToolContract]:
    """Return the contracts of the tools that a plan calls."""
    names = {step.tool for step in plan.every_step()}
    return [contract for contract in request.tools if contract.name in names]


def _held(contract: ToolContract, seen: Shape | None) -> Shape | None:
    if contract.output_schema is not None:
        return shape_of(contract.output_schema)
    if contract.returns is None or contract.described_by:
        return None
    # An annotation that outputs have contradicted holds only as far as they agree with it.
    annotated = shape_of(contract.returns)
    return annotated if seen is None else widened(annotated, seen)


def _hinted(contract: ToolContract, seen: Shape | None) -> Shape | None:
    """Return the shape by which a plan is doubted, where more is known than what holds."""
    held = _held(contract, seen)
    said = shape_of(contract.returns) if contract.described_by else held
    known = said if seen is None else refined(said or ANY, seen)
    return known if known not in (held, ANY) and contract.output_schema is None else None


def told(contract: ToolContract, seen: Shape | None, *, clean: bool) -> ToldShape | None:
    """Return what a planner is told of a tool's output, if anything.

    Names that only untrusted outputs had are words of outsiders. A planner that has read no such
    words is told no name, so that its plan stays clean; any other reads them in a block.

    Args:
        contract: The tool's contract.
        seen: What its outputs looked like so far.
        clean: Whether the planner has read no untrusted text.
    """
    held, hint = _held(contract, seen), _hinted(contract, seen)
    declared = ToldShape(shape=held, words="returns") if held not in (None, ANY) else None
    if hint is None:
        return declared
    words = "returns (as seen)"
    if contract.described_by or contract.trust != "untrusted":
        return ToldShape(shape=hint, words=words)
    if clean:
        return declared or ToldShape(shape=bare(hint), words=words)
    return ToldShape(shape=hint, words=words, sources=_sources(contract))


def _sources(contract: ToolContract) -> tuple[str, ...]:
    """Return whose words the names of a hint are: of what was seen, and of the server's own."""
    seen = (f"tool:{contract.name}#seen",) if contract.trust == "untrusted" else ()
    told = (f"{contract.described_by}#{contract.name}",) if contract.described_by else ()
    return (*told, *seen)


def doubt(plan: Plan, request: PlanRequest) -> Block | None:
    """Return what a plan reads that outputs did not have when they were last seen, if anything."""
    contracts = called(plan, request)
    hints = {c.name: _hinted(c, request.seen.get(c.name)) for c in contracts}
    hinted = {name: shape for name, shape in hints.items() if shape is not None}
    if not hinted:
        return None
    try:
        check_plan(
            plan,
            attachments=frozenset(a.name for a in request.task.attachments),
            shapes={**held_to(plan, request), **hinted},
        )
    except PlanError as error:
        lines = [f"{name} returned {shape}" for name, shape in sorted(hinted.items())]
        labels = union(_sources(contract) for contract in contracts if contract.name in hinted)
        return Block(name="doubt", text="\n".join([str(error), *lines]), sources=labels)
    return None
