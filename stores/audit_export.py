"""An auditor's export: one folder for a thread, which can be checked without this package."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from ..errors import NotFoundError, StoreError
from ..state.values import Json, JsonObject
from .audit_chain import Link
from .audit_verification import PORTION, WITH_BODIES, link_of
from .export_check import FILES
from .files import FILE_MODE, FOLDER_MODE
from .records import AuditEntry
from .schema import audit_entries
from .signed_heads import HeadList

if TYPE_CHECKING:
    from .store import SqlStore

_MOST_ENTRIES = 10**9
"""All of a tenant's; their number is known only to the database."""
SCRIPT = ("audit_chain.py", "ed25519.py", "export_check.py")
"""The parts of `verify.py`, each over those before it."""
_HEADING = "'Checks this folder; it needs only Python.'\n\nfrom __future__ import annotations\n\n"
_OF_EACH_OTHER = re.compile(r"^from (\.\w+|__future__) import .*\n", re.MULTILINE)


async def export_thread(
    store: SqlStore,
    thread: str,
    folder: Path,
    *,
    actor: str = "",
    seen: str | None = None,
    shown: Callable[[Json], Json],
) -> HeadList:
    """Write what is on record of a thread to a new folder, and an entry that names its files.

    Args:
        store: Where it is on record.
        thread: The thread.
        folder: Where to; it must not exist.
        actor: Who exports.
        seen: The tenant whose threads that person may see; `None` for all.
        shown: Masks what the records hold besides the audit log.

    Returns:
        What was signed; its key is what the script has to be given.

    Raises:
        NotFoundError: The audit log knows nothing of the thread.
        StoreError: Nothing signs the log, it is not whole, or the folder cannot be written.
    """
    await store.audit.verify()
    tenant = await store.database.read(lambda connection: _tenant(connection, thread, seen))
    _make(folder)
    files = await _files(store, thread, tenant, shown)
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    facts: JsonObject = {"files": digests}
    await store.audit.append(FILES, tenant=tenant, thread_id=thread, actor=actor, body=facts)
    chain = await store.database.read(lambda connection: _chain(connection, tenant, thread))
    signed = await store.audit.signed_chain(tenant)
    files |= {"chain.json": _json(chain), "signed.json": _json(signed.to_json())}
    files["verify.py"] = script().encode()
    _write(folder, files)
    return signed


def script() -> str:
    """Return `verify.py`: its parts in one file, without what one says of another."""
    room = resources.files("pointsman.stores")
    texts = [room.joinpath(part).read_text(encoding="utf-8") for part in SCRIPT]
    return _HEADING + "\n\n".join(_OF_EACH_OTHER.sub("", text) for text in texts)


def _tenant(connection: Connection, thread: str, seen: str | None) -> str:
    """Return in whose chain a thread stands."""
    query = select(audit_entries.c.tenant).where(audit_entries.c.thread_id == thread).distinct()
    tenants = sorted(connection.execute(query).scalars())
    mine = [tenant for tenant in tenants if seen in (None, tenant)]
    if len(mine) > 1:
        raise StoreError(
            f"{len(mine)} tenants have used it.",
            where=f"thread {thread}",
            fix="Export it as somebody of the tenant that is meant.",
        )
    if not mine:
        raise NotFoundError("The audit log knows no such thread.", where=f"thread {thread}")
    return mine[0]


async def _files(
    store: SqlStore, thread: str, tenant: str, shown: Callable[[Json], Json]
) -> dict[str, bytes]:
    """Return name → content of all but the chain."""
    entries = await store.audit.entries(tenant=tenant, limit=_MOST_ENTRIES)
    mine = [entry for entry in entries if entry.thread_id == thread]
    # Another tenant may have used a thread of the same name.
    runs = sorted({entry.run_id for entry in mine} - {""})
    notes = [n for n in await store.journal.notes(thread) if n["run_id"] in runs]
    outcomes = {run: [r.to_json() for r in await store.journal.outcomes(run)] for run in runs}
    asked = [a for a in await store.approvals.of_thread(thread) if a.run_id in runs]
    told: dict[str, Json] = {
        "journal": {"notes": notes, "outcomes": outcomes},
        "approvals": [record.to_json() for record in asked],
        "attempts": [a.to_json() for run in runs for a in await store.attempts.of_run(run)],
        "effects": [e.to_json() for run in runs for e in await store.effects.of_run(run)],
    }
    files = {f"{name}.json": _json(shown(value)) for name, value in told.items()}
    for version, texts in _policies(entries, mine).items():
        files[f"policies/{version}.json"] = _json(await store.payloads.get(texts))
    return files


def _policies(of_tenant: Sequence[AuditEntry], of_thread: Sequence[AuditEntry]) -> dict[str, str]:
    """Return version → digest of the texts, of the policies that a thread's runs were under."""
    used = {entry.body.get("policy") for entry in of_thread if entry.kind == "input"}
    return {
        str(entry.body["policy"]): str(entry.body["texts"])
        for entry in of_tenant
        if entry.kind == "policy_version" and entry.body.get("policy") in used
    }


def _chain(connection: Connection, tenant: str, thread: str) -> JsonObject:
    query = WITH_BODIES.where(audit_entries.c.tenant == tenant).order_by(audit_entries.c.seq)
    with connection.execution_options(yield_per=PORTION).execute(query) as rows:
        return {"tenant": tenant, "entries": [_told(link_of(row), thread) for row in rows]}


def _told(link: Link, thread: str) -> JsonObject:
    """Return an entry of the thread, or the digest of another's."""
    if link.thread_id != thread:
        return {"hash": link.hash, "digest": link.facts_digest()}
    names = ("at", "kind", "thread_id", "run_id", "commitment", "hash")
    told: JsonObject = {"seq": link.seq, **{name: getattr(link, name) for name in names}}
    told["body"] = link.body and {
        "salt": base64.b64encode(link.body.salt).decode(),
        "actor": link.body.actor,
        "body": link.body.body,
    }
    return told


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=True) + "\n").encode()


def _make(folder: Path) -> None:
    """Make the folder before anything is noted, so that no entry tells of what was not written."""
    try:
        folder.mkdir(parents=True, mode=FOLDER_MODE)
    except OSError as error:
        raise _unwritten(folder, error) from error


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        for name, data in files.items():
            file = folder / name
            file.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
            file.touch(mode=FILE_MODE)
            file.write_bytes(data)
    except OSError as error:
        raise _unwritten(folder, error) from error


def _unwritten(folder: Path, error: OSError) -> StoreError:
    return StoreError(
        f"It cannot be written: {error.strerror}.", where=str(folder), fix="Name a new folder."
    )
