"""The demo with tracing on: outside the payload store and the desk's records no address stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DESK = ROOT / "examples" / "support_desk"
ADDRESS = re.compile(rb"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+\.[a-z]{2,}")
SECRET = "sk-live0123456789abcdefghijklmnop"
TOLD = f"Where is order ORD-1003? My mail is eve@elsewhere.example and my key is {SECRET}."
VALUES = ("pointsman.db", "support_desk.db")
"""The payload store, with SQLite's files beside it, and the desk's own records."""


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python."""
    return subprocess.run(
        [sys.executable, *command],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=390,
        check=False,
    )


@pytest.mark.timeout(400)
def test_no_file_but_the_payload_store_holds_an_address_or_a_secret(
    own_home: Path, tmp_path: Path, langsmith_server: Any
) -> None:
    """Uploads, logs, checkpoints, keys and heads are searched byte by byte."""
    settings = yaml.safe_load((DESK / "pointsman.yaml").read_text(encoding="utf-8"))
    desk = tmp_path / "desk"
    desk.mkdir()
    for file in DESK.iterdir():
        if file.name != "pointsman.yaml":
            (desk / file.name).symlink_to(file)
    settings["masking"] = {"seal_checkpoints": True}
    (desk / "pointsman.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    demo = "import sys; from pathlib import Path; from pointsman.examples import demo; "
    demo += f"demo.DESK = Path({str(desk)!r}); sys.exit(demo.main())"
    cli = ("-m", "pointsman.cli", "run", "--thread", "told", TOLD, "-c", str(desk))
    with langsmith_server() as server:
        traced = {
            "LANGSMITH_TRACING": "true",
            "LANGSMITH_ENDPOINT": server.url,
            "LANGSMITH_API_KEY": "lsv2_pt_not_a_real_key",
        }
        done = run("-c", demo, **traced)
        assert done.returncode == 0, done.stdout + done.stderr
        home = next(path.parent for path in own_home.rglob("pointsman.db"))
        told = run(*cli, **traced, POINTSMAN_HOME=str(home))
        assert told.returncode == 0, told.stdout + told.stderr
        (home / "uploads.bin").write_bytes(server.everything)
        assert len(server.uploads) > 3
    trace = ("-m", "pointsman.cli", "trace", "told", "--json", "-c", str(desk))
    traced_thread = run(*trace, POINTSMAN_HOME=str(home))
    (home / "errors.log").write_text(done.stderr + told.stderr, encoding="utf-8")

    found = {
        file.name: set(ADDRESS.findall(file.read_bytes()))
        for file in home.rglob("*")
        if file.is_file() and not file.name.startswith(VALUES)
    }
    assert {"checkpoints.db", "uploads.bin", "audit-heads.jsonl"} <= found.keys()
    assert {name: some for name, some in found.items() if some} == {}
    for name in found:
        assert SECRET.encode() not in (home / name).read_bytes()
    # What is searched for was there to be found, and whose it is reads it.
    held = b"".join(file.read_bytes() for file in home.glob("pointsman.db*"))
    assert ADDRESS.search(held)
    assert SECRET in traced_thread.stdout
    assert "eve@elsewhere.example" in traced_thread.stdout
    assert b"<email:" in (home / "uploads.bin").read_bytes().replace(rb"\u003c", b"<")


@pytest.mark.timeout(400)
def test_spans_of_opentelemetry_are_masked_too(own_home: Path, langsmith_server: Any) -> None:
    """LangSmith's client makes them of what it would upload, which is masked by then."""
    with langsmith_server() as server:
        done = run(
            *("-m", "pointsman.cli", "run", "--thread", "told", TOLD, "-c", str(DESK)),
            LANGSMITH_TRACING="true",
            LANGSMITH_TRACING_MODE="otel",
            LANGSMITH_ENDPOINT=server.url,
            LANGSMITH_API_KEY="lsv2_pt_not_a_real_key",
            OTEL_EXPORTER_OTLP_ENDPOINT=server.url,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        spans = b"".join(body for where, body in server.received if where.endswith("/v1/traces"))
    assert b"normalize" in spans
    assert b"<email:" in spans.replace(rb"\u003c", b"<")
    assert not ADDRESS.search(spans)
    assert SECRET.encode() not in spans
