"""Shapes of outputs: learned from calls, and gathered for who plans the next ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..state.run import Principal
from ..state.seen import seen_in
from ..state.shapes import Shape
from ..state.values import Json
from ..tools.contract import ToolContract
from .dependencies import Dependencies


async def learn_shape(
    contract: ToolContract,
    output: Json,
    principal: Principal,
    dependencies: Dependencies,
    *,
    taint: tuple[str, ...],
) -> None:
    """Learn what an output of a tool looks like, where the contract doesn't hold it to a schema.

    A trusted tool that was given an outsider's words may have named its fields by them.
    """
    if not _has_readers(dependencies) or not _may_learn(contract):
        return
    if taint and contract.trust != "untrusted":
        return
    await dependencies.store.seen_shapes.learn(
        contract.name, seen_in(output), tenant=principal.tenant, principal=principal.id
    )


async def shapes_seen(
    contracts: Iterable[ToolContract], principal: Principal, dependencies: Dependencies
) -> Mapping[str, Shape]:
    """Return tool → the shape that its outputs had so far, as far as this principal may know."""
    if not _has_readers(dependencies):
        return {}
    names = [contract.name for contract in contracts if _may_learn(contract)]
    return await dependencies.store.seen_shapes.of_tools(
        names, tenant=principal.tenant, principal=principal.id
    )


def _has_readers(dependencies: Dependencies) -> bool:
    """Whether there is a model that plans; playbooks refer to nothing that they have not named."""
    return dependencies.models.serves("planner")


def _may_learn(contract: ToolContract) -> bool:
    """Whether what its fields are called may be told to any model that plans for the principal."""
    restricted = contract.readers is not None or bool(contract.classes())
    return contract.output_schema is None and not restricted
