"""An auditor's export: one folder for a thread, which can be checked without this package."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from ..errors import NotFoundError, StoreError
from ..state.values import Json, JsonObject
from .audit_chain import Link
from .audit_verification import PORTION, WITH_BODIES, link_of
from .export_check import FILES
from .schema import audit_entries
from .signed_heads import HeadList

if TYPE_CHECKING:
    from .store import SqlStore

SCRIPT = ("audit_chain.py", "ed25519.py", "export_check.py")
"""The parts of `verify.py`, each over those before it."""
_HEADING = "'Checks this folder; it needs only Python.'\n\nfrom __future__ import annotations\n\n"
_OF_EACH_OTHER = re.compile(r"^from (\.\w+|__future__) import .*\n", re.MULTILINE)


async def export_thread(
    store: SqlStore, thread: str, folder: Path, *, actor: str = "", shown: Callable[[Json], Json]
) -> HeadList:
    """Write what is on record of a thread to a new folder, and an entry that names its files.

    Args:
        store: Where it is on record.
        thread: The thread.
        folder: Where to; it must not exist.
        actor: Who exports.
        shown: Masks what the journal and the approvals hold.

    Returns:
        What was signed; its key is what the script has to be given.

    Raises:
        NotFoundError: The audit log knows nothing of the thread.
        StoreError: Nothing signs the log, it is not whole, or the folder cannot be written.
    """
    await store.audit.verify()
    tenants = await store.database.read(lambda connection: _tenants(connection, thread))
    if not tenants:
        raise NotFoundError("The audit log knows no such thread.", where=f"thread {thread}")
    if len(tenants) > 1:
        raise StoreError(
            "Several tenants have used it.", where=f"thread {thread}", fix="Export each alone."
        )
    [tenant] = tenants
    files = await _files(store, thread, shown)
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


def _tenants(connection: Connection, thread: str) -> list[str]:
    query = select(audit_entries.c.tenant).where(audit_entries.c.thread_id == thread).distinct()
    return sorted(connection.execute(query).scalars())


async def _files(store: SqlStore, thread: str, shown: Callable[[Json], Json]) -> dict[str, bytes]:
    """Return name → content of all but the chain."""
    notes = await store.journal.notes(thread)
    runs = sorted({str(note["run_id"]) for note in notes})
    outcomes = {
        run: [result.to_json() for result in await store.journal.outcomes(run)] for run in runs
    }
    approvals = [record.to_json() for record in await store.approvals.of_thread(thread)]
    files = {
        "journal.json": _json(shown({"notes": list(notes), "outcomes": outcomes})),
        "approvals.json": _json(shown(approvals)),
    }
    for entry in await store.audit.entries(thread, limit=1_000_000):
        if entry.kind == "input" and not entry.forgotten:
            version = str(entry.body["policy"])
            texts = await _policy(store, entry.tenant or "", version)
            files[f"policies/{version}.json"] = _json(texts)
    return files


async def _policy(store: SqlStore, tenant: str, version: str) -> Json:
    for entry in await store.audit.entries(tenant=tenant, limit=1_000_000):
        if entry.kind == "policy_version" and entry.body.get("policy") == version:
            return await store.payloads.get(str(entry.body["texts"]))
    return None


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


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, mode=0o700)
        for name, data in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(data)
    except OSError as error:
        raise StoreError(
            f"It cannot be written: {error.strerror}.", where=str(folder), fix="Name a new folder."
        ) from error
