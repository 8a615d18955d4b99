"""Files: folders and files that nobody but their owner may read, whatever the umask.

What a run writes holds conversations, arguments and results. SQLite gives its side files the mode
of the database, so a file is made with the right mode before SQLite opens it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..errors import StoreError

FOLDER_MODE, FILE_MODE = 0o700, 0o600

_SIDE_FILES = ("", "-wal", "-shm", "-journal")
"""What SQLite keeps beside a database."""

_OTHERS = 0o077

logger = logging.getLogger(__name__)


def private_home(folder: Path) -> Path:
    """Make a home folder, or close an existing one to others, and return it.

    Raises:
        StoreError: It is no folder, or cannot be made.
    """
    _make_folders(folder)
    # A folder that everybody may write to, such as /tmp, is nobody's home.
    if not folder.stat().st_mode & stat.S_ISVTX:
        _close(folder, FOLDER_MODE)
    return folder


def private_file(file: Path) -> Path:
    """Make an empty file, or close an existing one and SQLite's files beside it to others.

    Folders that lack are made private; one that exists is its owner's affair.

    Raises:
        StoreError: It cannot be made, or is no file.
    """
    _make_folders(file.parent)
    try:
        if file.exists() and not file.is_file():
            raise StoreError(
                "It is a folder or a device, not a file.", where=str(file), fix="Name a file."
            )
        with contextlib.suppress(FileExistsError):
            # Where a link leads to what is not there yet, SQLite would make that open to others.
            target = os.path.realpath(file)
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))
        for suffix in _SIDE_FILES:
            with contextlib.suppress(FileNotFoundError):
                _close(file.with_name(file.name + suffix), FILE_MODE)
    except (OSError, ValueError) as error:
        raise _unusable(file, error) from error
    return file


def write_private(file: Path, text: str) -> None:
    """Write a file as a whole or not at all, readable by its owner only.

    Raises:
        StoreError: It cannot be written; what was there before still is.
    """
    _write(file, text, lambda temporary: temporary.replace(file))


def write_private_once(file: Path, text: str) -> None:
    """Write a file like `write_private`, unless somebody else has made it meanwhile."""

    def put(temporary: Path) -> None:
        with contextlib.suppress(FileExistsError):
            file.hardlink_to(temporary)
        temporary.unlink()

    _write(file, text, put)


def _write(file: Path, text: str, put: Callable[[Path], object]) -> None:
    _make_folders(file.parent)
    try:
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")  # 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as opened:
                opened.write(text)
                opened.flush()
                os.fsync(opened.fileno())
            put(Path(temporary))
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise _unusable(file, error) from error


def _make_folders(folder: Path) -> None:
    try:
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(mode=FOLDER_MODE, exist_ok=True)
    except (OSError, ValueError) as error:
        raise _unusable(folder, error) from error
    if not folder.is_dir():
        raise StoreError(
            "It is a file, not a folder.",
            where=str(folder),
            fix="Move it away, or set POINTSMAN_HOME to a folder.",
        )


def _close(path: Path, mode: int) -> None:
    """Take others' permissions away; where that is not ours to do, say so."""
    found = stat.S_IMODE(path.stat().st_mode)
    # Windows has no such modes; access lists protect the file there.
    if os.name != "posix" or not found & _OTHERS:
        return
    try:
        path.chmod(found & mode)
    except PermissionError:
        logger.warning(
            "%s belongs to somebody else and its mode is %04o: others can get at what runs write.",
            path,
            found,
        )
    else:
        logger.warning("%s was open to others (mode %04o); it no longer is.", path, found)


def _unusable(path: Path, error: OSError | ValueError) -> StoreError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return StoreError(
        f"It cannot be made or written: {reason}.",
        where=str(path),
        fix="Free the disk or mend the permissions, or set POINTSMAN_HOME to another folder.",
    )
