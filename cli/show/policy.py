"""Policy pages: the matrix of roles and tools, and one policy decision explained."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from ...policy.matrix import Explanation, Matrix
from .output import Output, visible
from .tables import table

_STYLES = {"run": "green", "ask": "yellow", "refuse": "red"}


def show_matrix(output: Output, found: Matrix) -> None:
    """Print principal roles × tools × policy decisions, and what is odd about the policies."""
    output.line(f"version {found.version[:12]}")
    output.show(_matrix_table(found))
    for problem in found.problems:
        output.line(Text(visible(f"Look at this: {problem}"), style="yellow"))


def _matrix_table(found: Matrix) -> Table:
    shown = table("tool", "effect", "role", "sees", "call", "tainted call", "approves", "reason")
    for cell in found.cells:
        shown.add_row(
            visible(cell.tool),
            cell.effect,
            cell.role,
            "yes" if cell.sees else "no",
            Text(cell.clean, style=_STYLES[cell.clean]),
            Text(cell.tainted, style=_STYLES[cell.tainted]),
            "yes" if cell.approves else "no",
            visible(cell.reason),
        )
    return shown


def show_explanation(output: Output, found: Explanation) -> None:
    """Print a policy decision, its policies and what they said."""
    decision = found.decision
    line = Text(visible(f"{found.tool}: "), style="bold")
    line.append(decision.outcome, style=_STYLES[decision.outcome])
    output.line(line.append(f"  {visible(decision.reason)}", style="not bold"))
    if decision.outcome == "ask":
        expires = f", within {decision.expires_seconds:g} s" if decision.expires_seconds else ""
        allowed = ", ".join(decision.allowed)
        output.line(f"  {decision.quorum} must agree{expires}; decisions: {allowed}")
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
