"""A conversation held by a loop of `invoke`, with nothing but messages and a resume."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


def loop(agent: Any, w: Any, turns: list[str], decide: Callable[[Any], list[Any]]) -> list[str]:
    """Say one thing after another as a plain program does, and return what was heard.

    A turn that begins with a slash is the person's decision on what waits.
    """
    heard: list[str] = []
    out: Any = {}
    for turn in turns:
        given = w.resume(*decide(out)) if turn.startswith("/") else {"messages": [("user", turn)]}
        before = len(out.get("messages", ()))
        out = agent.invoke(given, w.thread())
        heard += [f"{m.text}" for m in out["messages"][before:] if m.type == "ai"]
        heard += [
            f"[{request['name']} {request['args']['to']}]"
            for interrupt in out.get("__interrupt__", ())
            for request in interrupt.value["action_requests"]
        ]
    return heard


def test_a_question_an_approval_and_two_changes_of_mind(bench: Any, w: Any) -> None:
    """One thread holds them all: nothing is lost, nothing happens twice, nothing lingers."""
    pay = w.step("pay", "pay", to=w.ref("whom", "text"), amount=5.0) | {"goal": "Pay them"}
    ask = {"id": "whom", "kind": "ask", "prompt": "Whom shall I pay?"}
    agent = bench.agent(
        w.plan(ask, pay),
        w.plan(ask, pay),
        {"steps": [], "answer": "You're welcome!"},
    )

    heard = loop(
        agent,
        w,
        [
            "Pay somebody 5 euros",
            "eve",
            "No, never mind",
            "Pay somebody 5 euros after all",
            "ann",
            "/approve",
            "Thanks!",
        ],
        lambda _: [{"type": "approve"}],
    )

    assert heard[:3] == ["Whom shall I pay?", "Waiting for approval: Pay them.", "[pay eve]"]
    assert heard[3] == "Withdrawn, and not done: Pay them."
    assert heard[4:7] == ["Whom shall I pay?", "Waiting for approval: Pay them.", "[pay ann]"]
    assert "R-ann" in heard[7]
    assert heard[8:] == ["You're welcome!"]
    assert [args for name, args in bench.calls if name == "pay"] == [{"to": "ann", "amount": 5.0}]
    bench.models[0].assert_complete()
