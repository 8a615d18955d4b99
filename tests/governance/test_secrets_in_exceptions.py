"""A credential stays unseen in whatever form a tool's exception carries it, or its result does."""

from __future__ import annotations

import json
import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from pointsman import tool
from pointsman.tools import ToolCall

from .test_secrets import cells

SECRET = "s3cret-Pw9x"
URL = f"postgresql://app:{SECRET}@127.0.0.1:1/x"


def password(url: str) -> str:
    """Return the secret part alone, as a driver does that has taken the URL apart."""
    return url.split(":")[2].split("@")[0]


def raising(error: Callable[[str], BaseException]) -> Callable[[str], object]:
    """Return a tool's body that raises what is made from the credential."""

    def body(url: str) -> object:
        raise error(url)

    return body


def noted(url: str) -> BaseException:
    """An exception that says it in a note."""
    error = ValueError("x")
    error.add_note(url)
    return error


def caused(url: str) -> object:
    """An exception whose cause says it."""
    raise RuntimeError("outer") from ValueError(url)


def in_context(url: str) -> object:
    """An exception of which the part stands in the message and the whole in the context."""
    try:
        raise KeyError(url)
    except KeyError:
        raise TypeError(f"ctx {password(url)}")  # noqa: B904 - the context is what is tried


def unprintable(url: str) -> BaseException:
    """An exception whose own text raises, and whose representation says it."""

    class OddError(Exception):
        def __str__(self) -> str:
            raise RuntimeError(url)

        def __repr__(self) -> str:
            return url

    return OddError(url)


def class_named(url: str) -> BaseException:
    """An exception whose class is named by it."""
    return type(f"E_{password(url)}", (Exception,), {})("x")


def group(url: str) -> BaseException:
    """A group of exceptions that say it."""
    return ExceptionGroup(url, [ValueError(url), ExceptionGroup("in", [KeyError(url)])])


def of_http(url: str) -> BaseException:
    """What an HTTP client says that quotes a header."""
    basic = b64encode(f"app:{password(url)}".encode()).decode()
    return ConnectionError(f"HTTP 401 {{'Authorization': 'Basic {basic}'}}")


FORMS: dict[str, Callable[[str], object]] = {
    "note": raising(noted),
    "cause": caused,
    "context": in_context,
    "group": raising(group),
    "key": raising(KeyError),
    "unprintable": raising(unprintable),
    "class": raising(class_named),
    "bytes": raising(lambda url: UnicodeDecodeError("utf-8", url.encode(), 0, 1, "bad")),
    "file": raising(lambda url: OSError(13, "denied", url)),
    "iteration": raising(StopIteration),
    "timeout": raising(TimeoutError),
    "assertion": raising(lambda url: AssertionError({"password": password(url)})),
    "http-header": raising(of_http),
    "http-query": lambda url: httpx.get(f"http://127.0.0.1:1/?token={password(url)}", timeout=1),
    "json": json.loads,
    "number": int,
    "attribute": lambda url: getattr(1, url),
    "database": lambda url: sqlalchemy.create_engine(url.replace("postgresql", "nosuch")),
    "process": lambda url: subprocess.run(["false", url], check=True),
    "result": lambda url: {"a": url, url: 1, "n": [url.encode().hex(), password(url)]},
}


@pytest.mark.parametrize("form", FORMS)
async def test_a_credential_is_seen_nowhere(
    desk: Any,
    w: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    form: str,
) -> None:
    """Not in events, states, checkpoints, the store, or the log."""
    monkeypatch.setenv("DB_URL", URL)

    @tool(effect="read", trust="internal", credentials=("db",), max_attempts=1)
    async def look_with(call: ToolCall) -> Any:
        """Look."""
        return FORMS[form](call.credentials["db"])

    plan = w.plan(w.step("x", "look_with"))
    given = {"environment": {"db": "DB_URL"}}
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "c.db")) as desk.checkpointer:
        agent = desk.agent(plan, tools=[look_with], credentials=given, limits={"max_revisions": 0})
        modes = ["custom", "updates", "values", "debug"]
        seen = [
            part async for part in agent.astream({"task": "Look"}, desk.at("t"), stream_mode=modes)
        ]
        state = await agent.aget_state(desk.at("t"))
    await desk.store.close()

    stored = b"".join(cell for file in tmp_path.rglob("*.db") for cell in cells(file))
    stored += b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert state.values["answer"]
    assert SECRET not in repr((seen, state)) + caplog.text + stored.decode(errors="replace")
