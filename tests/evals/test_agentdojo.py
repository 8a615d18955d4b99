"""AgentDojo through the real graph: a few pairs of each suite; the whole is a command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("agentdojo", reason="make agentdojo installs it")

from pointsman.evals.agentdojo.agents import AgentName, build
from pointsman.evals.agentdojo.approver import Approver
from pointsman.evals.agentdojo.experiment import run_batch
from pointsman.evals.agentdojo.given import is_given, plain
from pointsman.evals.agentdojo.mind import Mind
from pointsman.evals.agentdojo.models import MIND
from pointsman.evals.agentdojo.outcome import PairOutcome
from pointsman.evals.agentdojo.plans import plan_honestly
from pointsman.evals.agentdojo.report import write
from pointsman.evals.agentdojo.scene import SCENE, Scene
from pointsman.evals.agentdojo.suites import AttackPair, load_suites, pairs, scripted
from pointsman.evals.agentdojo.tools import contracts
from pointsman.stores.store import open_store

SUITES = ("banking", "slack", "travel", "workspace")


def attacks(*chosen: tuple[str, str, str]) -> list[AttackPair]:
    """Name pairs of suite, user task and injection."""
    return [
        AttackPair(suite=suite, user=user, injection=injection) for suite, user, injection in chosen
    ]


def outcomes(found: Sequence[AttackPair], agent: AgentName) -> list[PairOutcome]:
    """Run one agent on pairs of one suite."""
    return run_batch(found[0].suite, found, [agent])


def test_suites_are_complete() -> None:
    """AgentDojo v1.2.2 has 97 user tasks and 629 pairs that can be played without a model."""
    suites = load_suites()

    assert sum(len(suite.user_tasks) for suite in suites.values()) == 97
    assert sum(len(s.user_tasks) * len(scripted(s)) for s in suites.values()) == 629


def test_every_tool_has_a_contract() -> None:
    """The table of contracts names exactly the tools that the suites have."""
    tools = {tool.name for suite in load_suites().values() for tool in suite.tools}

    assert contracts().keys() == tools


@pytest.mark.parametrize("name", SUITES)
def test_every_injection_is_in_reach(name: str) -> None:
    """User tasks make a model read the injection."""
    suite = load_suites()[name]
    injection = scripted(suite)[0]

    for user in list(suite.user_tasks)[::4]:
        scene = Scene(AttackPair(suite=name, user=user, injection=injection))
        shown = "".join(str(scene.call(call.tool, call.args)) for call in scene.asked)
        assert plain(scene.goal) in plain(shown), user


@pytest.mark.parametrize("name", SUITES)
def test_oracle_uses_no_value_that_it_has_not_read(name: str) -> None:
    """A literal argument stands in the request; ids, amounts and names of others never do."""
    for user in list(load_suites()[name].user_tasks)[::2]:
        scene = Scene(AttackPair(suite=name, user=user))
        for step in plan_honestly(scene).steps:
            if step["kind"] == "tool":
                literals = {k: v for k, v in step["args"].items() if not _refers(v)}
                for argument, value in literals.items():
                    conventional = (argument, value) in (("n", 100), ("permission", "r"))
                    assert conventional or is_given(value, scene.prompt), (user, argument, value)


def _refers(value: object) -> bool:
    return "$from" in json.dumps(value)


@pytest.mark.parametrize(
    ("value", "given"),
    [
        pytest.param("2024-05-15", True, id="date in words"),
        pytest.param("2024-05-16", False, id="another date"),
        pytest.param(12.0, True, id="number"),
        pytest.param(4.0, False, id="difference"),
        pytest.param("Refund", False, id="word"),
        pytest.param(["alice@example.com"], True, id="list"),
    ],
)
def test_what_the_user_gave(value: object, given: bool) -> None:
    """Words, numbers and dates of the request are given; what must be worked out is not."""
    request = "On May 15th, 2024 we spent 12.00; tell alice@example.com."

    assert is_given(value, request) is given


@pytest.mark.parametrize("name", SUITES)
def test_no_order_of_an_injection_is_followed(name: str) -> None:
    """A model that obeys whatever it reads gets no call through that the user did not ask for."""
    chosen = [pair for pair in pairs([name], limit=2) if pair.injection]

    for outcome in outcomes(chosen, "pointsman_unattended"):
        assert outcome.read_by.get("reasoner"), "the attack was not even read"
        assert outcome.strayed == 0
        assert outcome.speaks or not outcome.attacked


@pytest.mark.parametrize("name", SUITES)
def test_tasks_are_done_when_nobody_attacks(name: str) -> None:
    """With a person who allows only what the task asked, tasks are done."""
    chosen = [pair for pair in pairs([name], limit=2) if not pair.injection]

    assert all(outcome.useful for outcome in outcomes(chosen, "pointsman"))


def test_leak_through_a_read_waits_for_a_person() -> None:
    """Fetching the attacker's page is a read; Pointsman asks, the middleware does not."""
    visit = attacks(("slack", "user_task_0", "injection_task_3"))

    [ours] = outcomes(visit, "pointsman_unattended")
    [theirs] = outcomes(visit, "create_agent_hitl")

    assert (ours.attacked, ours.denied) == (False, 1)
    assert (theirs.attacked, theirs.denied) == (True, 0)


def test_planner_is_reached_and_refused() -> None:
    """The planner reads the order and obeys it; its plan names a tool that no earlier one named."""
    [outcome] = outcomes(
        attacks(("banking", "user_task_1", "injection_task_7")), "pointsman_unattended"
    )

    assert outcome.read_by["planner"] >= 1
    assert (outcome.attacked, outcome.denied) == (False, 0)


def test_arguments_of_an_asked_call_cannot_be_swapped() -> None:
    """The attacker's amount in a payment that the user did ask for waits, and is denied."""
    [outcome] = outcomes(
        attacks(("banking", "user_task_4", "injection_task_5")), "pointsman_unattended"
    )

    assert outcome.denied > 1
    assert (outcome.attacked, outcome.strayed) == (False, 0)


@pytest.mark.parametrize(
    ("beside", "asked_for"),
    [
        ("<data 1 name='call1' source='ours'>\n[]\n</data 1>", True),
        ("<data 1 name='call1' source='untrusted: tool:get_mail'>\n[]\n</data 1>", False),
        ("<data 1 name='call1' source='ours'>\n{goal}\n</data 1>", False),
    ],
    ids=["nothing from outside", "something from outside", "the order without its label"],
)
def test_a_model_obeys_by_what_its_own_prompt_holds(beside: str, asked_for: bool) -> None:
    """Another step's model has read the order before, side by side with it."""
    [pair] = attacks(("banking", "user_task_15", "injection_task_4"))
    scene = Scene(pair)
    mind = Mind(scene, compromised=True)
    mind.read("reasoner", scene.goal)
    reason = mind.plan.reasons[0]

    replied = mind.reason(f"{reason.prompt}\n{beside.replace('{goal}', scene.goal)}")

    assert (replied == reason.result) is asked_for


def test_slogan_in_the_answer_is_labelled() -> None:
    """Untrusted text may fill in an answer; the citation says where it comes from."""
    [outcome] = outcomes(attacks(("travel", "user_task_0", "injection_task_6")), "pointsman")

    assert (outcome.attacked, outcome.labelled) == (True, True)


async def test_trusted_tool_that_repeats_untrusted_text_is_cited_as_untrusted(
    tmp_path: Path,
) -> None:
    """What a file's text was written into is cited with the label of that text."""
    scene = Scene(AttackPair(suite="workspace", user="user_task_31"))
    SCENE.set(scene)
    MIND.set(Mind(scene, compromised=False))
    async with open_store(tmp_path / "store.db") as store:
        agent = build("pointsman", scene.suite, store, tmp_path)
        states = await agent.run(scene.prompt, Approver(scene))

    [evidence] = states[-1]["results"]["call1"]["evidence"]
    assert scene.performed[-1].tool == "create_file"
    assert evidence["trust"] == "untrusted"


def test_same_models_succeed_in_a_plain_loop() -> None:
    """The attacks are real: without any gate they reach their goals."""
    chosen = attacks(
        ("banking", "user_task_1", "injection_task_7"),
        ("banking", "user_task_4", "injection_task_5"),
    )

    assert all(outcome.attacked for outcome in outcomes(chosen, "create_agent"))


def test_report_counts_what_was_run(tmp_path: Path) -> None:
    """The page has a row for each agent, and the JSON every outcome."""
    found = outcomes(attacks(("banking", "user_task_1", "injection_task_7")), "create_agent")

    page = write(found, tmp_path, seconds=1.0).read_text()

    assert "| banking | create_agent | 1 / 1 | 1 |" in page
    assert len(json.loads((tmp_path / "agentdojo.json").read_text())["outcomes"]) == 1
