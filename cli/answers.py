"""`approvals`, `approve`, `edit`, `reject` and `respond`: what waits, and a person's answers."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from .exits import finish
from .options import DEFAULT_CONFIG, Config, Json
from .output import Output

ApprovalId = Annotated[str, typer.Argument(metavar="ID", help="The approval's id (ap_…).")]
NoResume = Annotated[
    bool, typer.Option("--no-resume", help="Only record the answer; the thread keeps waiting.")
]
Message = Annotated[str, typer.Option("--message", "-m", help="Your words.")]


def approvals(
    thread: Annotated[str | None, typer.Option(help="Only those of this thread.")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """List what waits for a person."""
    from .deciding import list_approvals

    output = Output(as_json=as_json)
    finish(list_approvals(output, config, thread), output)


def approve(
    approval: ApprovalId,
    config: Config = DEFAULT_CONFIG,
    no_resume: NoResume = False,
    as_json: Json = False,
) -> None:
    """Agree to exactly what was asked, and go on."""
    _decide({"type": "approve"}, approval, config, no_resume, as_json)


def edit(
    approval: ApprovalId,
    args: Annotated[str, typer.Option(help="All arguments of the new action, a JSON object.")],
    config: Config = DEFAULT_CONFIG,
    no_resume: NoResume = False,
    as_json: Json = False,
) -> None:
    """Put other arguments in the place of those asked for, and go on."""
    try:
        parsed = json.loads(args)
    except ValueError as error:
        raise typer.BadParameter(f"It is not JSON: {error}.", param_hint="--args") from None
    if not isinstance(parsed, dict):
        raise typer.BadParameter("It is not a JSON object.", param_hint="--args")
    answer = {"type": "edit", "edited_action": {"args": parsed}}
    _decide(answer, approval, config, no_resume, as_json)


def reject(
    approval: ApprovalId,
    message: Message = "",
    config: Config = DEFAULT_CONFIG,
    no_resume: NoResume = False,
    as_json: Json = False,
) -> None:
    """Refuse; the step ends, and the answer says so in your words."""
    _decide({"type": "reject", "message": message}, approval, config, no_resume, as_json)


def respond(
    approval: ApprovalId,
    message: Message,
    config: Config = DEFAULT_CONFIG,
    no_resume: NoResume = False,
    as_json: Json = False,
) -> None:
    """Answer in words: a question, an action to plan anew, or an unknown outcome that you know."""
    _decide({"type": "respond", "message": message}, approval, config, no_resume, as_json)


def _decide(
    answer: dict[str, Any], approval: str, config: str, no_resume: bool, as_json: bool
) -> None:
    from .deciding import decide

    output = Output(as_json=as_json)
    finish(decide(output, config, approval, answer, resume=not no_resume), output)
