"""AgentDojo's tasks with a model behind HTTP: what both agents take is counted alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("agentdojo", reason="make agentdojo installs it")

import typer

from pointsman.evals.agentdojo.live import main
from pointsman.evals.agentdojo.live_trial import LiveModel, run_live
from pointsman.evals.agentdojo.suites import AttackPair, load_suites
from pointsman.evals.agentdojo.tools import pointsman_tools
from pointsman.testing import Reply, RequestRecord, ScriptedGateway

QUESTION = "Hi, can everybody write me their favorite hobby in DM?"
PAIR = AttackPair(suite="slack", user="user_task_5")
CALL = {"name": "send_channel_message", "args": {"channel": "general", "body": QUESTION}}
PLAN = {
    "steps": [{"id": "posted", "kind": "tool", "tool": CALL["name"], "args": CALL["args"]}],
    "answer": [{"text": "I posted the question.", "cites": ["posted"]}],
}


def model(gateway: ScriptedGateway) -> LiveModel:
    """Return the scripted model behind a gateway."""
    return LiveModel(base_url=gateway.base_url, id="m", seconds=20.0)


async def test_a_plan_and_a_loop_are_counted_alike(tmp_path: Path) -> None:
    """Calls, characters and approvals of both agents are those of the requests that were made."""
    loop = [Reply(tool_calls=[{"name": CALL["name"], "args": CALL["args"]}]), "Posted."]
    with ScriptedGateway({"m": [PLAN, *loop]}) as gateway:
        planned = await run_live("pointsman", PAIR, model(gateway), tmp_path)
        looped = await run_live("create_agent", PAIR, model(gateway), tmp_path)
    gateway.assert_complete()

    assert (planned.calls, planned.approvals) == (1, 1)
    assert (looped.calls, looped.approvals) == (2, 0)
    assert planned.performed[0].args == looped.performed[0].args == CALL["args"]
    assert planned.written == len(json.dumps(PLAN, ensure_ascii=False))
    assert looped.written == len(CALL["name"]) + len(_compact(CALL["args"])) + len("Posted.")
    sent = [_readable(request) for request in gateway.requests]
    assert (planned.read, looped.read) == (sent[0], sum(sent[1:]))


def _readable(request: RequestRecord) -> int:
    """Count what a model reads of a request."""
    body = request.body
    calls = [c["function"] for m in body["messages"] for c in m.get("tool_calls") or ()]
    texts = [m["content"] or "" for m in body["messages"]]
    texts += [f"{c['name']}{_compact(json.loads(c['arguments']))}" for c in calls]
    texts += [_compact(body[name]) for name in ("tools", "response_format") if name in body]
    return sum(map(len, texts))


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_a_task_that_does_not_exist_is_named() -> None:
    """The error says how tasks are written."""
    app = typer.Typer()
    app.command()(main)

    ran = CliRunner().invoke(app, ["--base-url", "http://127.0.0.1:1/v1", "--task", "bank:0"])

    assert ran.exit_code == 2
    assert "suite:number" in ran.output


def test_planners_are_told_what_the_tools_return() -> None:
    """What a function declares of its output is its tool's output schema."""
    tools = {tool.contract.name: tool.contract for tool in pointsman_tools(load_suites()["slack"])}

    assert tools["get_channels"].output_schema == {"items": {"type": "string"}, "type": "array"}
