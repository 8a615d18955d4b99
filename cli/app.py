"""The program `pointsman`: its commands, in one place."""

from __future__ import annotations

import typer

from . import answer, answers, evaluation, inspection, models, operations, policy, tasks, tokens

app = typer.Typer(
    name="pointsman",
    help="A graph-based, multi-model agent: planned, routed, verified, approved, journaled.",
    epilog="Exit codes: 0 done, 3 waiting for a person, 1 failed, 2 wrong use.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(tasks.run)
app.command()(tasks.resume)
app.command()(tasks.trace)
app.command()(answers.approvals)
app.command()(answers.approve)
app.command()(answers.edit)
app.command()(answers.reject)
app.command()(answers.respond)
app.command()(inspection.graph)
app.add_typer(answer.answer, name="answer")
app.add_typer(inspection.config, name="config")
app.add_typer(evaluation.evaluation, name="eval")
app.add_typer(operations.audit, name="audit")
app.add_typer(operations.switch, name="switch")
app.add_typer(models.models, name="models")
app.add_typer(models.route, name="route")
app.add_typer(models.routes, name="routes")
app.add_typer(policy.policy, name="policy")
app.add_typer(tokens.token, name="token")


def main() -> None:
    """Run the command line."""
    app()
