"""Ruling: the policy matrix, and one decision explained."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from ..policy.cedar import CedarPolicy
from ..policy.matrix import Explanation, Matrix, explain, matrix
from ..policy.protocols import CallFacts
from ..policy.roles import role_name
from ..settings import Settings
from ..state.values import JsonObject
from .exits import DONE
from .output import Output, visible
from .session import open_session

_STYLES = {"run": "green", "ask": "yellow", "refuse": "red"}


async def check_policy(output: Output, config: str) -> int:
    """Print the matrix of roles, tools and decisions; return the exit code.

    Raises:
        ConfigError: The policies do not fit the schema.
    """
    async with open_session(config) as session:
        contracts = [tool.contract for tool in session.dependencies.tools.tools.values()]
        found = matrix(
            _policy(session.settings), contracts, environment=_environment(session.settings)
        )
    if output.json:
        output.document(found.model_dump(mode="json"))
        return DONE
    output.line(f"version {found.version[:12]}")
    output.show(_matrix_table(found))
    for problem in found.problems:
        output.line(Text(visible(f"Look at this: {problem}"), style="yellow"))
    return DONE


def _matrix_table(found: Matrix) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("tool", "effect", "role", "sees", "call", "tainted call", "approves", "reason"):
        table.add_column(column, overflow="fold")
    for cell in found.cells:
        table.add_row(
            visible(cell.tool),
            cell.effect,
            cell.role,
            "yes" if cell.sees else "no",
            Text(cell.clean, style=_STYLES[cell.clean]),
            Text(cell.tainted, style=_STYLES[cell.tainted]),
            "yes" if cell.approves else "no",
            visible(cell.reason),
        )
    return table


async def explain_call(
    output: Output,
    config: str,
    tool: str,
    args: JsonObject,
    *,
    role: str,
    scopes: tuple[str, ...] | None,
    taint: tuple[str, ...],
    tainted_args: tuple[str, ...],
) -> int:
    """Print how a decision about a call comes to be; return the exit code.

    Raises:
        NotFoundError: There is no such tool.
        ArgumentError: The arguments do not fit it.
    """
    async with open_session(config) as session:
        tools, principal = session.dependencies.tools, session.settings.principal
        contract = tools.get(tool).contract
        changes = {"role": role_name(role)} if role else {}
        given = {} if scopes is None else {"scopes": scopes}
        facts = CallFacts(
            principal=principal.model_copy(update={**changes, **given}),
            tool=tool,
            args=tools.check(tool, args) if args else {},
            taint=taint,
            tainted_args=dict.fromkeys(tainted_args, taint or ("untrusted",)),
            environment=_environment(session.settings),
        )
        found = explain(_policy(session.settings), contract, facts)
    if output.json:
        output.document(found.model_dump(mode="json"))
    else:
        _show_explanation(output, found)
    return DONE


def _show_explanation(output: Output, found: Explanation) -> None:
    decision = found.decision
    line = Text(visible(f"{found.tool}: "), style="bold")
    line.append(decision.outcome, style=_STYLES[decision.outcome])
    output.line(line.append(f"  {visible(decision.reason)}", style="not bold"))
    if decision.outcome == "ask":
        expires = f", within {decision.expires_seconds:g} s" if decision.expires_seconds else ""
        allowed = ", ".join(decision.allowed)
        output.line(f"  {decision.quorum} must agree{expires}; answers: {allowed}")
    if found.tainted_by:
        output.line(visible(f"  rests on untrusted sources: {', '.join(found.tainted_by)}"))
    for question in found.questions:
        output.line(f"  {question.action}: {'permitted' if question.allowed else 'denied'}")
        for said in question.policies:
            output.line(visible(f"    {said.effect} {said.id}: {said.reason}"))
        if question.error:
            output.line(visible(f"    {question.error}"))
        elif not question.policies:
            output.line("    no policy permits it")


def _policy(settings: Settings) -> CedarPolicy:
    return CedarPolicy(settings.policy, folder=settings.folder)


def _environment(settings: Settings) -> str:
    return settings.policy.environment or CallFacts.model_fields["environment"].default
