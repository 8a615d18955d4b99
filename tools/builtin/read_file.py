"""Reading a text file within one folder, and nowhere else."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Annotated

from pydantic import Field
from typing_extensions import Unpack

from ...errors import ToolError
from ...state.results import Evidence
from ...state.values import Json, JsonObject
from ..contract import ContractOptions, Tool
from ..decorator import tool


def read_file(root: Path, *, max_bytes: int = 200_000, **contract: Unpack[ContractOptions]) -> Tool:
    """Make a tool that reads text files under `root`.

    Links are followed as long as they stay inside. What a file says is untrusted by default.

    Args:
        root: The folder.
        max_bytes: Largest file.
        **contract: Fields of the contract to set otherwise.
    """
    options: ContractOptions = {
        "effect": "read",
        "trust": "untrusted",
        "idempotency": "natural",
        "consequential": ("path",),
        **contract,
    }

    @tool(cite=_cite, **options)
    def read_file(
        path: Annotated[str, Field(min_length=1, max_length=1000)],
    ) -> dict[str, str | int]:
        """Read a text file.

        Args:
            path: Path of the file, relative to the folder, with forward slashes.
        """
        return _read(root, path, max_bytes)

    return read_file


def _read(root: Path, path: str, max_bytes: int) -> dict[str, str | int]:
    base = root.resolve()
    found = _inside(base, path)
    descriptor = _opened(found, path)
    try:
        # A folder on the way may have been exchanged for a link since it was resolved.
        if found.resolve() != found or not os.path.samestat(os.fstat(descriptor), found.stat()):
            raise _refused("It was moved while it was opened.", path)
    except BaseException:
        os.close(descriptor)
        raise
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise _refused(f"It is larger than {max_bytes} bytes.", path)
    return {"path": found.relative_to(base).as_posix(), "text": _text(data, path)}


def _opened(found: Path, path: str) -> int:
    try:
        # Without O_NONBLOCK, opening a pipe would wait for somebody to write to it.
        descriptor = os.open(found, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise _refused(f"It cannot be opened ({type(error).__name__}).", path) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _refused("It is not a regular file.", path)
    return descriptor


def _inside(base: Path, path: str) -> Path:
    if "\x00" in path or "\\" in path or path.startswith(("/", "~")) or ".." in path.split("/"):
        raise _refused("The path must be relative and stay inside the folder.", path)
    try:
        found = (base / path).resolve(strict=True)
    except (OSError, RuntimeError):
        raise _refused("There is no such file.", path) from None
    if not found.is_relative_to(base):
        raise _refused("The path leads out of the folder.", path)
    return found


def _text(data: bytes, path: str) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise _refused("It is not UTF-8 text.", path) from None
    if "\x00" in text:
        raise _refused("It is not text.", path)
    return text


def _refused(message: str, path: str) -> ToolError:
    return ToolError(message, where=repr(path)[:200], fix="Name a text file inside the folder.")


def _cite(_args: JsonObject, output: Json) -> list[Evidence]:
    return [Evidence(id="", step="", path="text", source=output["path"], trust="untrusted")]
