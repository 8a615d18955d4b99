"""Matrix and explanation: what the policies in force mean, as data for people to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from ..state.run import Principal
from ..state.values import Record
from ..tools.contract import ToolContract
from .cedar import CedarPolicy, Ruling
from .facts import CallFacts, PolicyDecision
from .roles import ROLES
from .taint import is_consequential, top_level

Access = Literal["run", "ask", "refuse"]

_PROBE = "probe"


class MatrixCell(Record):
    """What one role may do with one tool, by a caller who has every scope that the tool needs."""

    role: str
    tool: str
    effect: str
    consequential: bool
    """Whether the tool changes something or can carry data out."""
    sees: bool
    clean: Access
    """A call that rests on nothing untrusted, without arguments."""
    tainted: Access
    """The same call, planned after reading untrusted text."""
    approves: bool
    """Whether the role may approve such a call of somebody else in its tenant."""
    reason: str
    policies: tuple[str, ...] = ()


class Matrix(Record):
    """Roles × tools × decisions, and what is odd about it."""

    version: str
    roles: tuple[str, ...]
    tools: tuple[str, ...]
    cells: tuple[MatrixCell, ...]
    problems: tuple[str, ...] = ()
    """What an operator should look at before relying on these policies."""


class PolicyLine(Record):
    """One policy that decided, in words."""

    id: str
    effect: Literal["permit", "forbid"]
    reason: str


class CedarQuestion(Record):
    """One question that Cedar was asked."""

    action: str
    allowed: bool
    policies: tuple[PolicyLine, ...] = ()
    """Which policies decided. None: no policy permits it, which denies it."""
    error: str = ""


class Explanation(Record):
    """How a decision about one call came to be."""

    tool: str
    decision: PolicyDecision
    questions: tuple[CedarQuestion, ...]
    consequential: bool
    tainted_by: tuple[str, ...] = ()


def matrix(
    policy: CedarPolicy,
    contracts: Sequence[ToolContract],
    *,
    roles: Sequence[str] = tuple(ROLES),
    environment: str = "development",
) -> Matrix:
    """Ask the policies about every role and tool."""
    cells = tuple(
        _cell(policy, contract, role, environment) for contract in contracts for role in roles
    )
    return Matrix(
        version=policy.version,
        roles=tuple(roles),
        tools=tuple(contract.name for contract in contracts),
        cells=cells,
        problems=(*_odd_settings(policy, contracts), *_odd_contracts(contracts), *_holes(cells)),
    )


def explain(policy: CedarPolicy, contract: ToolContract, facts: CallFacts) -> Explanation:
    """Say what is decided about a call, by which policies, and why."""
    taint = {source for sources in facts.tainted_args.values() for source in sources}
    return Explanation(
        tool=facts.tool,
        decision=policy.decide(contract, facts),
        questions=tuple(_question(ruling) for ruling in policy.rulings(contract, facts)),
        consequential=is_consequential(policy.corrected(contract)),
        tainted_by=tuple(sorted({*facts.taint, *taint})),
    )


def _question(ruling: Ruling) -> CedarQuestion:
    lines = (PolicyLine(id=n.id, effect=n.effect, reason=n.reason) for n in ruling.policies)
    return CedarQuestion(
        action=ruling.action, allowed=ruling.allowed, policies=tuple(lines), error=ruling.error
    )


def _cell(policy: CedarPolicy, contract: ToolContract, role: str, environment: str) -> MatrixCell:
    seen = policy.corrected(contract)
    caller = Principal(id=_PROBE, role=role, scopes=seen.scopes)
    facts = CallFacts(principal=caller, tool=contract.name, environment=environment)
    clean = policy.decide(contract, facts)
    tainted = policy.decide(contract, facts.model_copy(update={"taint": (_PROBE,)}))
    approval = policy.may_approve(caller, contract, facts, requester="somebody else")
    return MatrixCell(
        role=role,
        tool=contract.name,
        effect=seen.effect,
        consequential=is_consequential(seen),
        sees=policy.may_see(contract, caller),
        clean=clean.outcome,
        tainted=tainted.outcome,
        approves=approval.outcome == "run",
        reason=clean.reason,
        policies=clean.policies,
    )


def _odd_settings(policy: CedarPolicy, contracts: Sequence[ToolContract]) -> Sequence[str]:
    known = {contract.name for contract in contracts}
    return [
        f"policy.tools.{name}: there is no such tool, so the correction protects nothing."
        for name in sorted(policy.settings.tools.keys() - known)
    ]


def _odd_contracts(contracts: Sequence[ToolContract]) -> Sequence[str]:
    found: list[str] = []
    for contract in contracts:
        arguments: Mapping[str, object] = contract.args_schema.get("properties", {})
        named = [*(contract.consequential or ()), *([contract.amount] if contract.amount else [])]
        found += [
            f"{contract.name}: the contract names argument {name!r}, which the tool does not take."
            for name in named
            if arguments and top_level(name) not in arguments
        ]
    return found


def _holes(cells: Sequence[MatrixCell]) -> Sequence[str]:
    return [
        f"{cell.tool}: runs unattended for {cell.role} although untrusted text asked for it."
        for cell in cells
        if cell.consequential and cell.tainted == "run"
    ]
