"""Secrets: used in a run, and found nowhere afterwards."""

from __future__ import annotations

import base64
import html
import json
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from pointsman import tool
from pointsman.stores.packing import expand
from pointsman.testing import Fault, ScriptedGateway
from pointsman.tools import ToolCall

BANK_KEY = "b4nk-s3cret/Value+1"
BANK_KEYS = [
    pytest.param(BANK_KEY, id="url-characters"),
    pytest.param(f"{BANK_KEY}\n", id="line-end"),
    pytest.param('b4nk"s3cret\\Value', id="quote-and-backslash"),
    pytest.param("b4nk-gehéim-s3cret", id="not-ascii"),
]
API_KEY = "sk-live-7f3a9c1e5b"


@tool(effect="money", trust="internal", idempotency="key", credentials=("bank",))
async def transfer(to: str, call: ToolCall) -> dict[str, str | list[str]]:
    """Send money with a key, and talk too much about it."""
    key = call.credentials["bank"]
    return {"to": to, "used": key, "forms": forms(key)}


def forms(key: str) -> list[str]:
    """Return the key as errors, pages and logs show it."""
    basic = base64.b64encode(f"desk:{key}".encode()).decode()
    return [
        f"Illegal header value {f'Bearer {key}'.encode()!r}",
        repr({"key": key}),
        json.dumps({"body": json.dumps({"key": key})}),
        f"https://desk:{quote(key, safe='')}@bank.example/pay",
        f"https://bank.example/pay?{urlencode({'key': key})}",
        f"Authorization: Basic {basic}",
        f"<b>{html.escape(key)}</b>",
        key.encode().hex(),
    ]


@tool(effect="read", trust="internal", credentials=("bank",), max_attempts=1)
async def balance(call: ToolCall) -> dict[str, str]:
    """Fail with the key in the error."""
    key = call.credentials["bank"]
    raise ValueError("; ".join([f"403 for {key}", *forms(key)]))


def cells(file: Path) -> Iterator[bytes]:
    """Yield every value of a database as its bytes, and expanded where the store compresses."""
    with sqlite3.connect(file) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchall()
        for [table] in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608
                for value in row:
                    data = value if isinstance(value, bytes) else str(value).encode()
                    yield data
                    try:
                        yield expand(data)
                    except (ValueError, zlib.error, IndexError):
                        continue
    connection.close()


@pytest.mark.parametrize("bank_key", BANK_KEYS)
async def test_no_secret_is_left_anywhere(
    desk: Any,
    w: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    bank_key: str,
) -> None:
    """State, events, checkpoints, store and log are searched for a tool's and a model's key."""
    monkeypatch.setenv("BANK_KEY", bank_key)
    monkeypatch.setenv("MODEL_KEY", API_KEY)
    plan = w.plan(w.step("broken", "balance"), w.step("pay", "transfer", to="ann"))
    fault = Fault(kind="rate_limited", model="first", times=1)
    seen: list[Any] = []
    with ScriptedGateway({"first": [plan, "no JSON"]}, api_key=API_KEY, faults=[fault]) as gateway:
        async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "checkpoints.db")) as saver:
            desk.checkpointer = saver
            agent = desk.agent(
                tools=[transfer, balance],
                credentials={"environment": {"bank": "BANK_KEY"}},
                limits={"max_revisions": 0},
                catalog={
                    "endpoints": {
                        "loop": {"base_url": gateway.base_url, "api_key_env": "MODEL_KEY"}
                    },
                    "models": [
                        {"id": "first", "endpoint": "loop", "prices": {"input": 1.0, "output": 2.0}}
                    ],
                },
            )
            modes = ["custom", "updates", "values", "debug"]
            task = {"task": "Transfer to ann"}
            seen += [part async for part in agent.astream(task, desk.at("t"), stream_mode=modes)]
            out = await desk.resume(agent, w.APPROVE)
            seen += [out, [s async for s in agent.aget_state_history(desk.at("t"))]]
    await desk.store.close()

    assert out["results"]["pay"]["output"]["used"].strip() == "[credential]"
    assert "[credential]" in out["results"]["broken"]["failure"]["message"]
    stored = b"".join(data for file in sorted(tmp_path.rglob("*.db")) for data in cells(file))
    # The search would find it: what the keys were replaced by is there.
    assert b"[credential]" in stored
    raw = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    everything = (repr(seen) + caplog.text).encode() + stored + raw
    left = everything.decode(errors="replace")
    words = [
        word for form in forms(bank_key) for word in form.split() if len(word) >= len("b4nk-s3cret")
    ]
    known = {"Authorization:", "https://bank.example/pay?"}
    for word in (bank_key.strip(), API_KEY, *(set(words) - known)):
        for shown in (word, json.dumps(word)[1:-1], repr(word)[1:-1]):
            assert shown not in left
