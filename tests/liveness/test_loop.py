"""Nothing that comes from outside holds the event loop for long, however it is made."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.checkpoint.memory import InMemorySaver

from pointsman import Settings, build_agent, open_store, tool
from pointsman.errors import TaskError
from pointsman.state.media import read_attachment, read_content
from pointsman.state.run import Run
from pointsman.state.schemas import SchemaRefusedError, check_schema
from pointsman.state.yaml_text import MAX_CHARACTERS, read_yaml
from pointsman.testing import ScriptedModel
from pointsman.tools import Runner, Tool, ToolContract, collect
from pointsman.tools.mcp import Called, read_result
from pointsman.tools.redaction import Redaction

MILLION = 1_000_000
DESK = Path(__file__).parents[2] / "examples" / "support_desk"


async def test_the_watch_sees_a_stall(watch: Any) -> None:
    """A check that cannot fail proves nothing."""

    async def stall() -> None:
        async with watch():
            await asyncio.sleep(0.01)
            until = time.thread_time() + 0.08
            while time.thread_time() < until:
                pass
            await asyncio.sleep(0.01)

    with pytest.raises(AssertionError, match="was held"):
        await stall()


LINE = {"type": "object", "properties": {"n": {"type": "integer"}, "s": {"type": "string"}}}
SCHEMA = {
    "type": "object",
    "$defs": {"Line": LINE},
    "properties": {
        "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}, "uniqueItems": True},
        "text": {"type": "string", "pattern": r"^(\w+\s?)*$"},
        "mail": {"type": "string", "format": "email"},
        "at": {"type": "string", "format": "date-time"},
        "link": {"type": "string", "format": "uri"},
        "any": {},
        "either": {"anyOf": [{"type": "array", "items": LINE}, {"type": "array"}] * 3},
    },
}


def deep(levels: int) -> Any:
    """A list in a list in a list."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


HOSTILE: dict[str, Any] = {
    "many": {"lines": [{"n": n, "s": "x"} for n in range(40_000)]},
    "equal": {"lines": [{"n": 1}] * 100_000},
    "wrong": {"lines": ["x"] * 200_000},
    "keys": {"any": {str(n): n for n in range(60_000)}},
    "numbers": {"any": [0] * 400_000},
    "either": {"either": [{"n": "x"}] * 50_000},
    "text": {"text": "x " * (MILLION // 2 - 10) + "!"},
    "escapes": {"text": "\x01" * 150_000},
    "wide": {"any": "\U0001f600" * 240_000},
    "mail": {"mail": "a@" * (MILLION // 2 - 10)},
    "at": {"at": "2026-" * (MILLION // 5 - 10)},
    "link": {"link": "http:" + "/" * (MILLION - 20)},
    "unknown": {"x" * (MILLION - 20): 1},
    "deep": {"any": deep(50_000)},
    "too large": {"any": "x" * (20 * MILLION)},
}


@pytest.fixture
async def store(tmp_path: Path) -> Any:
    """A real file."""
    async with open_store(tmp_path / "ledger.db") as opened:
        yield opened


def acting(run: Any, **contract: Any) -> Tool:
    """A tool with the schema above."""
    made = ToolContract(name="act", description="Act.", args_schema=SCHEMA, **contract)
    return Tool(contract=made, run=run)


@pytest.mark.parametrize("name", HOSTILE)
async def test_arguments(name: str, watch: Any, store: Any) -> None:
    """Checked, digested, claimed."""

    async def run(_args: Any, _call: Any) -> Any:
        return "done"

    runner = Runner(collect([acting(run)]), store)
    async with watch():
        outcome = await runner.call(
            "act",
            HOSTILE[name],
            run=Run(id="r", thread_id="t", started_at=0.0),
            step="s",
            attempt=1,
            timeout=None,
        )
    assert outcome.status in ("done", "failed")


@pytest.mark.parametrize("name", HOSTILE)
async def test_results(name: str, watch: Any, store: Any) -> None:
    """Copied, checked against a schema, settled."""

    async def run(_args: Any, _call: Any) -> Any:
        return HOSTILE[name]

    runner = Runner(collect([acting(run, output_schema=SCHEMA)]), store)
    async with watch():
        outcome = await runner.call(
            "act",
            {},
            run=Run(id="r", thread_id="t", started_at=0.0),
            step="s",
            attempt=1,
            timeout=None,
        )
    assert outcome.status == "done"


def doubling(levels: int) -> dict[str, Any]:
    """A schema with two ways at each level."""
    names: dict[str, Any] = {
        f"s{i}": {"anyOf": [{"$ref": f"#/$defs/s{i + 1}"}] * 2} for i in range(levels)
    }
    return {"type": "object", "$defs": {**names, f"s{levels}": False}, "$ref": "#/$defs/s0"}


async def test_a_schema_that_multiplies(watch: Any, store: Any) -> None:
    """Small arguments, and work for years."""

    async def run(_args: Any, _call: Any) -> Any:
        return "done"

    made = ToolContract(name="act", description="Act.", args_schema=doubling(14))
    runner = Runner(collect([Tool(contract=made, run=run)]), store)
    async with watch():
        outcome = await runner.call(
            "act",
            {},
            run=Run(id="r", thread_id="t", started_at=0.0),
            step="s",
            attempt=1,
            timeout=None,
        )
    assert outcome.kind == "arguments"


SCHEMAS: dict[str, Any] = {
    "enum": {"enum": list(range(300_000))},
    "names": {"properties": {str(n): {} for n in range(100_000)}},
    "deep": {"items": deep(100_000)},
    "text": {"description": "x" * MILLION},
    "patterns": {"anyOf": [{"pattern": f"^(a+)+{n}$"} for n in range(40_000)]},
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_of_a_million_bytes_is_refused_at_once(name: str) -> None:
    """By its size, before anything in it is looked at."""
    started = time.thread_time()
    with pytest.raises(SchemaRefusedError):
        check_schema(SCHEMAS[name])
    assert time.thread_time() - started < 0.050


async def test_a_plan_full_of_schemas(watch: Any, tmp_path: Path) -> None:
    """Each as large as it may be; they are judged in a thread."""
    schema = {"properties": {f"p{n}": {"type": "string"} for n in range(250)}}
    steps = [
        {"id": f"s{n}", "kind": "reason", "prompt": "think", "output_schema": schema}
        for n in range(6)
    ]
    planner = ScriptedModel(replies=[{"steps": steps}] * 4)
    agent = build_agent(
        Settings.parse({"home": tmp_path / "h"}),
        models={"planner": planner},
        checkpointer=InMemorySaver(),
    )
    async with watch():
        await agent.ainvoke({"task": "think"}, {"configurable": {"thread_id": "t"}})


TEXTS = {
    "words": "refund order A-1 " * (MILLION // 17),
    "one": "a" * MILLION,
    "dots": "." * MILLION,
    "spaces": " " * MILLION + "x",
    "halves": "\ud83d" * (MILLION // 3),  # three bytes each
    "mail": "a@" * (MILLION // 2),
    "digits": "1" * MILLION,
    "dashes": "a-" * (MILLION // 2),
    "breaks": "\n" * MILLION + "x",
}


@pytest.mark.parametrize("name", TEXTS)
async def test_the_text_of_a_task(name: str, watch: Any, tmp_path: Path) -> None:
    """Longer than it may be, and as long as it may be, through the whole graph."""
    settings = Settings.parse({"home": tmp_path / "h"})
    planner = ScriptedModel(replies=[{"steps": [], "cannot": "no"}] * 4)
    agent = build_agent(settings, models={"planner": planner}, checkpointer=InMemorySaver())
    await agent.ainvoke({"task": "warm up"}, {"configurable": {"thread_id": "warm"}})
    limit = settings.task.max_characters
    async with watch():
        for position, text in enumerate((TEXTS[name], TEXTS[name][:limit])):
            try:
                await agent.ainvoke(
                    {"messages": [HumanMessage(f"{text}x")]},
                    {"configurable": {"thread_id": str(position)}},
                )
            except TaskError:
                continue


@pytest.mark.parametrize("name", TEXTS)
async def test_the_matching_of_playbooks(name: str, watch: Any, tmp_path: Path) -> None:
    """A text as long as a task may be, compared with every playbook of the support desk."""
    settings = Settings.load(DESK).model_copy(update={"home": tmp_path / "h"})
    agent = build_agent(settings, tools=[], checkpointer=InMemorySaver())
    await agent.ainvoke({"task": "Where is ORD-1"}, {"configurable": {"thread_id": "warm"}})
    text = TEXTS[name][: settings.task.max_characters - 1]
    async with watch():
        with suppress(TaskError):
            await agent.ainvoke({"task": f"{text}x"}, {"configurable": {"thread_id": "t"}})


@pytest.mark.parametrize("name", TEXTS)
async def test_the_error_of_a_tool(name: str, watch: Any, tmp_path: Path) -> None:
    """A million characters that a tool raises, through a run to its answer."""

    @tool(effect="read", max_attempts=1)
    def find() -> str:
        """Find it."""
        raise ValueError(TEXTS[name])

    settings = Settings.parse({"home": tmp_path / "h", "limits": {"max_revisions": 0}})
    plan = {"steps": [{"id": "a", "kind": "tool", "tool": "find", "args": {}}]}
    planner = ScriptedModel(replies=[plan] * 2)
    agent = build_agent(
        settings, tools=[find], models={"planner": planner}, checkpointer=InMemorySaver()
    )
    await agent.ainvoke({"task": "warm up"}, {"configurable": {"thread_id": "warm"}})
    async with watch():
        state = await agent.ainvoke({"task": "find"}, {"configurable": {"thread_id": "t"}})
    assert state["results"]["a"]["status"] == "failed"


CREDENTIALS = tuple(f"sk-{n}/" + "aB3" * 12 for n in range(12))
ERRORS = {
    "words": "x" * MILLION,
    "begun": (CREDENTIALS[0][:-1] + " ") * (MILLION // 40),
    "whole": (CREDENTIALS[0] + " ") * (MILLION // 40),
    "percent": "%73%6b%2d" * (MILLION // 9),
    "line ends": "s\nk\n-\n" * (MILLION // 6),
    "slashes": "\\" * MILLION,
    "halves": "\ud83d" * (MILLION // 3),
}


@pytest.mark.parametrize("name", ERRORS)
async def test_an_error_of_a_tool_that_has_credentials(name: str, watch: Any, store: Any) -> None:
    """They are looked for in what is kept of it."""

    async def run(_args: Any, _call: Any) -> Any:
        raise RuntimeError(ERRORS[name])

    tool = dataclasses.replace(acting(run), secrets=CREDENTIALS)
    runner = Runner(collect([tool]), store)
    # Their patterns are made once.
    Redaction(CREDENTIALS)
    async with watch():
        outcome = await runner.call(
            "act",
            {},
            run=Run(id="r", thread_id="t", started_at=0.0),
            step="s",
            attempt=1,
            timeout=None,
        )
    assert len(outcome.error) <= 2_000
    assert CREDENTIALS[0] not in outcome.error


MCP_RESULTS: dict[str, Any] = {
    **{f"text {name}": {"content": [{"type": "text", "text": t}]} for name, t in TEXTS.items()},
    "blocks": {"content": [{"type": "text", "text": "x"}] * 20_000},
    "links": {
        "content": [{"type": "resource_link", "name": "x", "uri": "https://x.example"}] * 20_000
    },
    "error": {"content": [{"type": "text", "text": "x" * MILLION}], "isError": True},
    "same": {
        "content": [{"type": "text", "text": "[" * MILLION}],
        "structuredContent": {"result": "x"},
    },
    "structured": {"content": [], "structuredContent": {"n": list(range(150_000))}},
}


@pytest.mark.parametrize("name", MCP_RESULTS)
async def test_what_an_mcp_server_answers(name: str, watch: Any, store: Any) -> None:
    """Read off the wire, put together, copied and settled."""
    answer = Called.model_validate(MCP_RESULTS[name])

    async def run(_args: Any, _call: Any) -> Any:
        return await read_result(answer)

    runner = Runner(collect([acting(run)]), store)
    async with watch():
        outcome = await runner.call(
            "act",
            {},
            run=Run(id="r", thread_id="t", started_at=0.0),
            step="s",
            attempt=1,
            timeout=None,
        )
    assert outcome.status in ("done", "unknown")


YAML = {
    "deep": "[" * MILLION,
    "aliases": "a: &a [x]\n" + "b: [" + "*a," * (MILLION // 3) + "]",
    "bomb": "a0: &a0 [x]\n"
    + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 99)),
    "quotes": "'" * MILLION,
    "unknown": f"a: *{'x' * MILLION}",
    "keys": "".join(f"k{n}: {n}\n" for n in range(MILLION // 10)),
    "lines": "\n" * MILLION,
    "spaces": "a:" + " " * MILLION + "b",
    "comment": "#" * MILLION,
    "merge": "a: &a {x: 1}\n" + "".join(f"m{n}: {{<<: *a}}\n" for n in range(MILLION // 14)),
}


@pytest.mark.parametrize("name", YAML)
def test_yaml_of_a_million_characters_is_refused_at_once(name: str) -> None:
    """Before anything in it is read; what is shorter is read in a moment."""
    if len(YAML[name]) < MILLION // 2:
        started = time.thread_time()
        with suppress(ValueError):
            read_yaml(YAML[name])
        assert time.thread_time() - started < 1
        return
    started = time.thread_time()
    with pytest.raises(ValueError, match="longer than"):
        read_yaml(YAML[name])
    assert time.thread_time() - started < 0.010


@pytest.mark.parametrize("name", YAML)
def test_yaml_as_long_as_it_may_be_ends(name: str) -> None:
    """Files are read before a loop runs, or in a thread beside it."""
    started = time.thread_time()
    with suppress(ValueError):
        read_yaml(YAML[name][:MAX_CHARACTERS])
    assert time.thread_time() - started < 4


ATTACHMENTS: dict[str, Any] = {
    **{f"text {name}": {"name": "a", "text": text} for name, text in TEXTS.items()},
    "base64": {"name": "a", "data": base64.b64encode(b"x" * MILLION).decode()},
    "no base64": {"name": "a", "data": "x!" * (MILLION // 2)},
    "lines": {"name": "a", "data": "eA==\n" * (MILLION // 5)},
    "name": {"name": "\u202e" * MILLION, "text": "x"},
    "keys": {str(n): n for n in range(100_000)},
}


@pytest.mark.parametrize("name", ATTACHMENTS)
def test_attachments(name: str) -> None:
    """A million bytes each, read in one go."""
    started = time.thread_time()
    with suppress(TaskError):
        read_attachment(ATTACHMENTS[name], 0)
    assert time.thread_time() - started < 0.050


def test_content_blocks() -> None:
    """A message of tens of thousands of blocks."""
    started = time.thread_time()
    read_content([{"type": "text", "text": "x"}] * 40_000)
    assert time.thread_time() - started < 0.050
