"""Checking a file of answers: one line a sentence, with its verdict and the reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from ..errors import TaskError
from ..evals.answer_check import verdicts
from ..grounding.check import SentenceVerdict
from .exits import DONE, FAILED
from .output import Output, visible

_STYLES = {"carried": "green", "unverified": "yellow", "failed": "red"}


async def check_file(output: Output, file: Path) -> int:
    """Check every sentence of a file; fail if one of them failed.

    Raises:
        TaskError: The file is neither JSON nor JSON Lines, or an object lacks a field.
    """
    checked = [pair for item in _read(file) for pair in _verdicts(item, file)]
    if output.json:
        output.document([_document(sentence, verdict) for sentence, verdict in checked])
    else:
        _show(output, checked)
    failed = any(verdict.status == "failed" for _, verdict in checked)
    return FAILED if failed else DONE


def _read(file: Path) -> list[Any]:
    """Read one JSON value, or one a line."""
    text = file.read_text(encoding="utf-8")
    try:
        value = json.loads(text)
    except ValueError:
        return [
            _line(line, number, file) for number, line in enumerate(text.splitlines(), 1) if line
        ]
    return value if isinstance(value, list) else [value]


def _line(line: str, number: int, file: Path) -> Any:
    try:
        return json.loads(line)
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


def _show(output: Output, checked: list[tuple[str, SentenceVerdict]]) -> None:
    for sentence, verdict in checked:
        line = Text(f"{verdict.status:10}  ", style=_STYLES[verdict.status])
        line.append(visible(sentence), style="default")
        line.append(visible(f"  ({verdict.reason})"), style="dim")
        output.line(line)
    counts = {status: sum(verdict.status == status for _, verdict in checked) for status in _STYLES}
    output.line(", ".join(f"{count} {status}" for status, count in counts.items()))
