"""What checks an exported folder: the last part of its `verify.py`, which needs only Python.

`stores/audit_export.py` writes it behind `audit_chain.py` and `ed25519.py`, in one file.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .audit_chain import BrokenChainError, EntryBody, Link, canonical, chain_hash, commitment
from .ed25519 import is_signed

FILES = "thread_exported"
"""Kind of the entry that names the other files of the folder by their digests."""
USAGE = "usage: python verify.py PUBLIC_KEY [FOLDER]   (the key in base64, from whom you trust)"


def check_folder(folder: Path, trusted: str) -> str:
    """Check what the folder holds, and return what holds.

    Raises:
        ValueError: It says what does not.
    """
    chain, signed = _read(folder / "chain.json"), _read(folder / "signed.json")
    tenant = str(chain["tenant"])
    seq, last, shown = _check_entries(tenant, chain["entries"])
    if signed["key"] != trusted:
        raise ValueError("signed.json: it is by another key than the one that you trust")
    facts = (signed["number"], signed.get("previous", ""), signed["entries"])
    text = canonical(["pointsman audit list", *facts, trusted])
    if not is_signed(base64.b64decode(trusted), text, base64.b64decode(signed["signature"])):
        raise ValueError("signed.json: the signature is not of this text")
    if [tenant, seq, last] not in signed["entries"]:
        raise ValueError(f"signed.json: it does not name entry {seq} of tenant {tenant!r}")
    named = [link for link in shown if link.kind == FILES]
    if not named or named[-1].seq != seq or named[-1].body is None:
        raise ValueError(f"entry {seq}: it does not name the files of this folder")
    count = _check_files(folder, named[-1].body.body["files"])
    return f"whole: {len(shown)} of {seq} entries shown, {count} files as they were exported"


def _check_entries(
    tenant: str, entries: Sequence[Mapping[str, Any]]
) -> tuple[int, str, Sequence[Link]]:
    """Check the chain, of which all but a thread's entries are digests."""
    seq, previous = 0, ""
    shown: list[Link] = []
    for entry in entries:
        seq += 1
        link = _link(tenant, seq, previous, entry)
        digest = str(entry["digest"]) if link is None else link.facts_digest()
        previous = chain_hash(previous, digest)
        if previous != entry["hash"]:
            raise BrokenChainError(seq, "The entry was changed, or is not the one that stood here.")
        if link is None:
            continue
        if link.body is not None and link.commitment != commitment(link.body):
            raise BrokenChainError(seq, "The body was changed.")
        shown.append(link)
    return seq, previous, shown


def _link(tenant: str, seq: int, previous: str, entry: Mapping[str, Any]) -> Link | None:
    if "digest" in entry:
        return None
    told = entry["body"]
    body = told and EntryBody(base64.b64decode(told["salt"]), told["actor"], told["body"])
    return Link(
        tenant,
        seq,
        entry["at"],
        entry["kind"],
        entry["thread_id"],
        entry["run_id"],
        entry["commitment"],
        previous,
        str(entry["hash"]),
        body or None,
    )


def _check_files(folder: Path, files: Mapping[str, str]) -> int:
    for name, digest in files.items():
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise ValueError(f"{name}: it is missing or was changed")
    for name in sorted(set(_names(folder)) - {*files, "chain.json", "signed.json", "verify.py"}):
        raise ValueError(f"{name}: it was not exported")
    return len(files)


def _names(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(folder).as_posix()


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def main(arguments: Sequence[str]) -> int:
    """Check a folder, by default the one that the script is in; 0 if all of it holds."""
    if not 1 <= len(arguments) <= 2:
        print(USAGE)
        return 2
    folder = Path(arguments[1]) if len(arguments) > 1 else Path(__file__).parent
    try:
        print(check_folder(folder, arguments[0]))
    except BrokenChainError as error:
        print(f"NOT WHOLE: entry {error.seq}: {error.message}")
        return 1
    except (ValueError, KeyError, TypeError, OSError) as error:
        print(f"NOT WHOLE: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
