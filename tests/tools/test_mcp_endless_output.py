"""Programs that serve MCP and write without end: bounded, told, and in time."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import ConfigError
from pointsman.state.run import Run
from pointsman.stores import SqlStore
from pointsman.tools import collect, mcp_lines
from pointsman.tools.mcp import McpServer, mcp_tools
from pointsman.tools.mcp_lines import Lines
from pointsman.tools.runner import Runner

WITHOUT_ERRORS = """
import asyncio, io, sys
sys.stderr = {stream}
from pointsman.tools.mcp import McpServer, mcp_tools
server = McpServer(name="odd", command=sys.executable, args=tuple(sys.argv[1:]))
print([tool.contract.name for tool in asyncio.run(mcp_tools(server)).tools])
"""
FLOOD = """
import json, pathlib, sys
method, piece, switch = sys.argv[1], sys.argv[2].encode().decode("unicode_escape"), sys.argv[3]
for line in sys.stdin:
    asked = json.loads(line)
    if asked["method"] == method and pathlib.Path(switch).exists():
        while True:
            sys.stdout.write(piece * 65_536)
    tools = [{"name": "pay", "description": "x", "inputSchema": {"type": "object"}}]
    result = {
        "initialize": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                       "serverInfo": {"name": "x", "version": "1"}},
        "tools/list": {"tools": tools},
        "tools/call": {"content": [{"type": "text", "text": "pa\\u00efd \\U0001f600"}]},
    }.get(asked["method"], {})
    if "id" in asked:
        reply = {"jsonrpc": "2.0", "id": asked["id"], "result": result}
        print(json.dumps(reply, ensure_ascii=False), flush=True)
"""
TIMEOUT = 60.0


class Flooding:
    """A server that floods its output at one method, once it is told to."""

    def __init__(self, folder: Path, method: str, piece: str) -> None:
        program, self.switch = folder / "flood.py", folder / "on"
        program.write_text(FLOOD)
        self.server = McpServer(
            name="odd",
            command=sys.executable,
            args=("-X", "utf8", str(program), method, piece, str(self.switch)),
        )

    async def tools(self, store: SqlStore) -> Runner:
        """Take its tools while it is quiet."""
        loaded = await mcp_tools(self.server, contracts={"pay": {"timeout": TIMEOUT}})
        return Runner(collect(loaded.tools), store)


async def call(runner: Runner) -> Any:
    """Call its tool."""
    run = Run(id="r", started_at=0)
    return await runner.call("pay", {}, run=run, step="a", attempt=1, timeout=TIMEOUT)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """Allow little, so that the tests take little."""
    monkeypatch.setattr(mcp_lines, "MAX_SESSION_BYTES", 3_000_000)
    return mcp_lines.MAX_SESSION_BYTES


async def test_a_quiet_one_is_a_server(tmp_path: Path, store: SqlStore) -> None:
    """What follows fails for what it does, not for what it is."""
    outcome = await call(await Flooding(tmp_path, "none", "x").tools(store))

    assert (outcome.status, outcome.output) == ("done", "païd 😀")


@pytest.mark.parametrize("stream", ["io.StringIO()", "None"])
def test_a_program_is_started_where_standard_error_is_no_file(tmp_path: Path, stream: str) -> None:
    """As in a notebook, under a windowed interpreter, or where output is captured."""
    args = Flooding(tmp_path, "none", "x").server.args
    script = WITHOUT_ERRORS.format(stream=stream)

    ran = subprocess.run(
        [sys.executable, "-c", script, *args], capture_output=True, text=True, timeout=60
    )

    assert ran.stdout.strip() == "['pay']", ran.stderr


@pytest.mark.parametrize("piece", ["x", "\\u20ac", "log\\n", "\\n"])
async def test_a_call_drowned_in_output_is_unknown(
    piece: str, tmp_path: Path, store: SqlStore, small: int
) -> None:
    """One line without end, or lines without end: it is told long before the timeout."""
    flooding = Flooding(tmp_path, "tools/call", piece)
    runner = await flooding.tools(store)
    flooding.switch.touch()
    began = time.monotonic()

    outcome = await call(runner)

    assert outcome.status == "unknown"
    assert "more than 3,000,000 bytes" in outcome.error
    assert time.monotonic() - began < TIMEOUT


@pytest.mark.parametrize("early", ["initialize", "tools/list"])
async def test_output_without_end_before_a_call_leaves_nobody_in_doubt(
    early: str, tmp_path: Path, store: SqlStore, small: int
) -> None:
    """The call has not left; nor is such a server loaded."""
    flooding = Flooding(tmp_path, early, "x")
    runner = await flooding.tools(store)
    flooding.switch.touch()

    outcome = await call(runner)
    with pytest.raises(ConfigError, match="more than 3,000,000 bytes"):
        await mcp_tools(flooding.server)

    assert outcome.status == "failed"
    assert "more than 3,000,000 bytes" in outcome.error
    assert "No tool was called" in outcome.error


@given(
    st.lists(st.sampled_from([b"{", b"[", b" ", b"x", b"\n", b"\xc3", b"\xa9", b"\xff"])).map(
        b"".join
    ),
    st.lists(st.integers(0, 200), max_size=8),
)
def test_messages_come_whole_however_they_are_cut(said: bytes, cuts: list[int]) -> None:
    """What is read is what UTF-8 makes of the lines that have an end and may be messages."""
    decoder = Lines("replace")
    places = sorted({0, *(min(cut, len(said)) for cut in cuts), len(said)})

    read = "".join(decoder.decode(said[a:b]) for a, b in itertools.pairwise(places))

    *lines, _ = said.decode(errors="replace").split("\n")
    assert read == "".join(f"{line}\n" for line in lines if line.lstrip(" ")[:1] in ("{", "["))


def test_a_line_without_end_is_kept_once() -> None:
    """Pieces of one line are not copied anew with each that comes: they stay what they are."""
    decoder, piece = Lines("replace"), bytes(65_536)
    tracemalloc.start()
    try:
        for _ in range(160):
            assert decoder.decode(piece) == ""
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 2 * 160 * len(piece)
