"""`answer check`: sentences of an answer against what they may stand on, without a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .exits import finish
from .options import Json
from .output import Output

answer = typer.Typer(no_args_is_help=True, help="Answers and what carries them.")


@answer.command("check")
def answer_check(
    file: Annotated[
        Path,
        typer.Argument(
            help="JSON or JSON Lines. Each object holds `sentence` with `cites`, or `text`; and "
            "`evidence` (id, source, text), `request`, `instructions`, `effects`, `today`.",
            exists=True,
            dir_okay=False,
        ),
    ],
    as_json: Json = False,
) -> None:
    """Say of each sentence whether its evidence carries it, and why not.

    Ends with code 1 if a sentence failed.
    """
    from .answer_checking import check_file

    output = Output(as_json=as_json)
    finish(check_file(output, file), output)
