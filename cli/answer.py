"""`answer check`: sentences of an answer against what they may stand on, without a model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import TaskError
from ..evals.answer_check import verdicts
from ..grounding.check import SentenceVerdict
from ..state.json_text import json_in
from .exits import DONE, FAILED, finish
from .given.options import JsonOption
from .show.answer_check import show_verdicts
from .show.output import Output

app = typer.Typer(name="answer", no_args_is_help=True, help="Answers and what carries them.")


@app.callback()
def group() -> None:
    """Keep `check` a command of its own although it is the only one."""


@app.command("check")
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
    as_json: JsonOption = False,
) -> None:
    """Say of each sentence whether its evidence carries it, and why not.

    Ends with code 1 if a sentence failed.
    """
    output = Output(as_json=as_json)
    finish(_check(output, file), output)


async def _check(output: Output, file: Path) -> int:
    """Check every sentence of a file; fail if one of them failed.

    Raises:
        TaskError: The file is neither JSON nor JSON Lines, or an object lacks a field.
    """
    checked = [pair for item in _read(file) for pair in _verdicts(item, file)]
    if output.json:
        output.document([_document(sentence, verdict) for sentence, verdict in checked])
    else:
        show_verdicts(output, checked)
    failed = any(verdict.status == "failed" for _, verdict in checked)
    return FAILED if failed else DONE


def _read(file: Path) -> list[Any]:
    """Read one JSON value, or one a line."""
    text = file.read_text(encoding="utf-8")
    try:
        value = json_in(text)
    except ValueError:
        return [
            _line(line, number, file) for number, line in enumerate(text.splitlines(), 1) if line
        ]
    return value if isinstance(value, list) else [value]


def _line(line: str, number: int, file: Path) -> Any:
    try:
        return json_in(line)
    except ValueError as error:
        raise TaskError(
            f"Line {number} is not JSON: {error}.",
            where=str(file),
            fix="Write one JSON object a line, or one JSON document.",
        ) from None


def _verdicts(item: Any, file: Path) -> list[tuple[str, SentenceVerdict]]:
    if not isinstance(item, Mapping) or not ("sentence" in item or "text" in item):
        raise TaskError(
            "An object has neither `sentence` nor `text`.",
            where=str(file),
            fix="Give `sentence` with `cites`, or `text`, and `evidence`.",
        )
    try:
        return list(verdicts({"today": str(datetime.now(UTC).date()), **item}))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TaskError(
            f"An object is not of the form that is read: {error!r}.",
            where=str(file),
            fix="`evidence` is a list of objects with `id`, `source` and `text`; `today` is an "
            "ISO date; `effects` a list of objects with `tool` and `args`.",
        ) from None


def _document(sentence: str, verdict: SentenceVerdict) -> dict[str, Any]:
    return {
        "sentence": sentence,
        "status": verdict.status,
        "reason": verdict.reason,
        "missing": list(verdict.missing),
    }
