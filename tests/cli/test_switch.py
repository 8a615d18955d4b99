"""`switch`: what operators pull in an incident."""

from __future__ import annotations

import pytest


def test_pause_stops_runs_until_it_is_cleared(desk):
    """A paused agent answers nobody, tells operators why, and works again afterwards."""
    desk("switch", "set", "pause", "--reason", "fire drill")
    paused = desk("run", "what is order A-7?", "--json")
    cleared = desk("switch", "clear", "pause")
    again = desk("run", "what is order A-7?")

    assert paused.code == 1
    assert "fire drill" in " ".join(paused.document["answer"]["report"])
    assert cleared.code == 0
    assert again.code == 0


def test_frozen_tool_is_not_called(desk):
    """A frozen tool is refused also where its call was approved before."""
    question = desk.waiting()
    desk("switch", "set", "freeze-tool", "pay_back", "--reason", "wrong amounts")

    desk("approve", question["id"])

    assert desk.paid() == []


def test_list_shows_what_is_on(desk):
    """The list names kind, target, reason and who did it."""
    desk("switch", "set", "freeze-endpoint", "gateway", "--reason", "slow")

    page = desk("switch", "list").out
    [switch] = desk("switch", "list", "--json").document["switches"]

    for part in ("freeze-endpoint", "gateway", "slow", "local"):
        assert part in page
    assert (switch["kind"], switch["target"]) == ("freeze_endpoint", "gateway")


@pytest.mark.parametrize(
    "words",
    [("set", "freeze-tool"), ("set", "pause", "x"), ("clear", "pause"), ("set", "explode", "x")],
    ids=["no target", "needless target", "not on", "no such switch"],
)
def test_wrong_use_of_a_switch(desk, words):
    """What makes no sense ends with 2 and switches nothing."""
    assert desk("switch", *words).code == 2
    assert desk("switch", "list", "--json").document == {"switches": []}


def test_switches_work_when_tools_are_broken(desk, tmp_path):
    """An incident can be handled although the agent cannot be built."""
    file = tmp_path / "broken.yaml"
    file.write_text('tools: ["./nowhere.py:tools"]', encoding="utf-8")

    assert desk("switch", "set", "pause", "-c", str(file)).code == 0


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        pytest.param("*", False, id="all"),
        pytest.param("desk", False, id="this one"),
        pytest.param("another", True, id="another"),
    ],
)
def test_frozen_endpoint_gets_no_request(desk, gateway, target, asked):
    """A run asks no model of a frozen endpoint, and `*` freezes every one of them."""
    desk("switch", "set", "freeze-endpoint", target, "--reason", "leak")

    result = desk("run", "say hello", "--json")

    assert result.code == 1
    assert bool(gateway.requests) is asked
    assert ("leak" in result.out + result.err) is not asked
