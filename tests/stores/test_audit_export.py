"""An exported thread is checked by a process that has only Python, and tampering shows."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pointsman.errors import NotFoundError, StoreError
from pointsman.state.values import JsonObject
from pointsman.stores import open_store
from pointsman.stores.anchor import Anchor
from pointsman.stores.audit_export import export_thread


async def exported(home: Path, url: str | Path = "") -> tuple[Path, str]:
    """Export one of two threads, of which one entry is forgotten; return folder and key."""
    async with open_store(url or home / "store.db", anchor=Anchor(home)) as store:
        for number in range(4):
            await store.audit.append(
                "x", tenant="acme", thread_id=f"t{number % 2}", actor="ann", body={"n": number}
            )
        await store.audit.forget("acme", [3], reason="asked to")
        signed = await export_thread(store, "t0", home / "out", shown=lambda value: value)
    return home / "out", signed.key


def check(folder: Path, key: str) -> subprocess.CompletedProcess[str]:
    """Run the folder's script as an auditor does, without anything that is installed."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), key]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


async def test_an_exported_thread_is_whole(tmp_path: Path, url: str) -> None:
    """Of others' entries it holds digests alone."""
    folder, key = await exported(tmp_path, url)

    done = check(folder, key)

    assert (done.returncode, done.stderr) == (0, "")
    assert "whole: 3 of 6 entries shown" in done.stdout
    assert '"n": 1' not in (folder / "chain.json").read_text()


def chain(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    """Tamper with the chain."""

    def tamper(folder: Path) -> None:
        file = folder / "chain.json"
        told = json.loads(file.read_text())
        change(told)
        file.write_text(json.dumps(told))

    return tamper


TAMPER = {
    "flip": (chain(lambda c: c["entries"][0].update(kind="y")), "entry 1"),
    "flip-other": (chain(lambda c: c["entries"][1].update(digest="0" * 64)), "entry 2"),
    "body": (chain(lambda c: c["entries"][0]["body"].update(actor="bob")), "entry 1"),
    "delete": (chain(lambda c: c["entries"].pop(0)), "entry 1"),
    "reorder": (chain(lambda c: c["entries"].insert(0, c["entries"].pop(2))), "entry 1"),
    "truncate": (chain(lambda c: c["entries"].pop()), "does not name entry 5"),
    "tenant": (chain(lambda c: c.update(tenant="zeta")), "entry 1"),
    "file": (lambda f: (f / "approvals.json").write_text("[1]"), "approvals.json"),
    "file-removed": (lambda f: (f / "journal.json").unlink(), "journal.json"),
    "file-added": (lambda f: (f / "more.json").write_text("[]"), "more.json"),
    "signature": (
        lambda f: (f / "signed.json").write_text(
            (f / "signed.json").read_text().replace('"number": 0', '"number": 1')
        ),
        "signature",
    ),
}


@pytest.mark.parametrize("how", TAMPER)
async def test_tampering_with_an_export_shows(tmp_path: Path, how: str) -> None:
    """The script says where."""
    folder, key = await exported(tmp_path)
    tamper, where = TAMPER[how]
    tamper(folder)

    done = check(folder, key)

    assert done.returncode == 1, done.stdout
    assert where in done.stdout


async def test_a_folder_does_not_vouch_for_itself(tmp_path: Path) -> None:
    """One that somebody else made and signed is not whole under the key that is trusted."""
    _, key = await exported(tmp_path)
    (tmp_path / "other").mkdir()
    forged, own = await exported(tmp_path / "other")

    assert check(forged, own).returncode == 0
    assert "by another key" in check(forged, key).stdout


async def test_who_sees_one_tenant_exports_that_one_alone(tmp_path: Path) -> None:
    """Two tenants may have a thread of one name; what the other one did is not told."""
    async with open_store(tmp_path / "store.db", anchor=Anchor(tmp_path)) as store:
        for tenant in ("acme", "zeta"):
            run = f"r-{tenant}"
            await store.journal.record_note(run, "t0", "plan", 1, {"of": tenant})
            body: JsonObject = {"policy": tenant}
            await store.audit.append("x", tenant=tenant, thread_id="t0", run_id=run, body=body)
        for who, to in (("acme", "mine"), ("other", "none"), (None, "all")):
            with contextlib.suppress(NotFoundError, StoreError):
                await export_thread(store, "t0", tmp_path / to, seen=who, shown=lambda value: value)

    written = "".join(file.read_text() for file in (tmp_path / "mine").rglob("*.json"))
    assert '"of": "acme"' in written
    assert "zeta" not in written
    assert not (tmp_path / "none").exists()
    assert not (tmp_path / "all").exists()
