"""`trace`: a thread explained from what was recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from pointsman.testing import Reply, ScriptedGateway

DESK = Path(__file__).parent / "desk"


@pytest.fixture
def paid(desk):
    """A desk on which a payment was approved, on thread t1."""
    question = desk.waiting()
    assert desk("approve", question["id"]).code == 0
    return desk


def test_every_step_is_explained(paid):
    """Arguments with references resolved, result, reason, cost and approver stand with a step."""
    [run] = paid("trace", "t1", "--json").document["runs"]
    pay = next(step for step in run["steps"] if step["step"]["id"] == "pay")

    assert pay["args"] == {"order": "A-7", "amount": 25.0}
    assert pay["output"]["state"] == "paid"
    assert pay["result"]["attempts"][0]["why"].startswith("approved")
    [approval] = pay["approvals"]
    assert approval["decisions"][0]["approver"] == "local"
    [effect] = pay["effects"]
    assert effect["state"] == "done"


def test_page_shows_the_same(paid):
    """A person reads plan, steps, approver, result, answer and audit."""
    page = paid("trace", "t1").out

    for part in (
        "please pay order A-7 back",
        "playbook:pay",
        "step pay",
        "approve by local",
        "claimed 1×",
        '"state": "paid"',
        "Paid back: 25.00",
        "approval_decided",
    ):
        assert part in page


def test_the_plan_can_be_drawn_instead(paid):
    """As text that any viewer of Mermaid shows, or in a document."""
    page = paid("trace", "t1", "--drawing").out
    document = paid("trace", "t1", "--drawing", "--json").document

    assert page.strip() == document["mermaid"].strip()
    assert page.startswith("flowchart TD")
    assert "<br/>accepted" in page


def test_waiting_step_is_part_of_it(desk):
    """A thread in the middle shows what waits and for what."""
    question = desk.waiting()

    trace = desk("trace", "t1", "--json").document
    [_, pay] = trace["runs"][0]["steps"]

    assert trace["status"] == "waiting"
    assert pay["result"]["status"] == "waiting"
    assert pay["approvals"][0]["request"]["id"] == question["id"]


def test_every_turn_is_part_of_it(desk):
    """A thread with two runs shows both, oldest first."""
    desk("run", "what is order A-7?", "--thread", "t1")
    desk("run", "what is order A-8?", "--thread", "t1")

    runs = desk("trace", "t1", "--json").document["runs"]

    assert [run["task"]["text"] for run in runs] == ["what is order A-7?", "what is order A-8?"]
    assert ["A-7" in runs[0]["answer"]["text"], "A-8" in runs[1]["answer"]["text"]] == [True, True]


def test_unknown_thread_is_wrong_use(desk):
    """A thread that nobody began ends with 2."""
    assert desk("trace", "nobody").code == 2


def test_prompts_replies_and_costs_of_models(desk, tmp_path, monkeypatch):
    """A model call shows its prompt, its reply, why that model, and what it cost; `--full` all."""
    plan = {"steps": [{"id": "s1", "kind": "tool", "tool": "look_up", "args": {"order": "A-7"}}]}
    long = json.dumps({"sentences": [{"text": "Order A-7 is a kettle.", "cites": ["s1"]}]})
    with ScriptedGateway({"big": lambda request: _scripted(request, plan, long)}) as gateway:
        config = _with_model(gateway.base_url, tmp_path)
        monkeypatch.setenv("POINTSMAN_CONFIG", str(config))
        monkeypatch.setenv("DESK_KEY", "sk-test")
        ran = desk("run", "compose a sonnet about order A-7", "--thread", "t1", "--json")
    [run] = desk("trace", "t1", "--json").document["runs"]
    short, full = desk("trace", "t1").out, desk("trace", "t1", "--full").out

    assert ran.code == 0, ran.out
    planning = next(c for c in run["calls"] if c["attempt"]["role"] == "planner")
    assert "compose a sonnet" in json.dumps(planning["prompt"])
    assert "look_up" in json.dumps(planning["reply"])
    assert planning["attempt"]["why"]
    assert planning["attempt"]["usd"] > 0
    assert "big@desk" in short
    assert "sk-test" not in json.dumps(run)
    assert len(full) > len(short)


def _scripted(request, plan, answer):
    planning = "You plan" in json.dumps(request.body)
    return Reply(text=json.dumps(plan) if planning else answer)


def _with_model(base_url: str, folder: Path) -> Path:
    settings = {
        "tools": [f"{DESK}/desk_tools.py:build_tools"],
        "models": {
            "endpoints": {"desk": {"base_url": base_url, "api_key_env": "DESK_KEY"}},
            "models": [
                {"id": "big", "endpoint": "desk", "prices": {"input": 1.0, "output": 2.0}},
            ],
        },
    }
    file = folder / "with-model.yaml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return file
