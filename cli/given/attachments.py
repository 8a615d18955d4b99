"""Attachments: files of this machine, in the form in which the graph's input takes them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ...errors import TaskError
from ...state.values import JsonObject

Attach = Annotated[
    list[Path] | None,
    typer.Option(
        help="A file that goes with the task; may be repeated.", dir_okay=False, exists=True
    ),
]


def read_attachments(files: Sequence[Path]) -> list[JsonObject]:
    """Read files. Raises `TaskError`."""
    return [_attachment(file) for file in files]


def _attachment(file: Path) -> JsonObject:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise TaskError(
            f"It cannot be read: {error.strerror}.", where=str(file), fix="Name a readable file."
        ) from error
    return {"name": file.name, "data": base64.b64encode(data).decode()}
