"""AgentDojo's answers before the check of answers: a right one is never dropped."""

from __future__ import annotations

import json
from datetime import date

import pytest

pytest.importorskip("agentdojo", reason="make agentdojo installs it")

from pointsman.evals.agentdojo.corrections import CORRECTIONS
from pointsman.evals.agentdojo.experiment import run_batch
from pointsman.evals.agentdojo.scene import Scene, as_json
from pointsman.evals.agentdojo.suites import AttackPair, load_suites
from pointsman.evals.agentdojo.tools import reads_only
from pointsman.grounding.check import check
from pointsman.grounding.effects import EffectCall
from pointsman.grounding.evidence import index
from pointsman.grounding.ground import Ground
from pointsman.state.relevance import sentences

TASKS = [(name, user) for name, suite in load_suites().items() for user in suite.user_tasks]
SEEN = 12_000
"""Characters of an output from which on an answer is tried as one whose writer saw a part."""
DROPPED = {"travel": (5, 8, 14, 19), "workspace": (4, 5, 11, 27, 36, 37, 38)}
"""Tasks whose answers an earlier check dropped."""


def ground_of(scene: Scene) -> Ground:
    """Perform a task, and read what its answer may stand on: all it read, as one step's inputs."""
    outputs = [(call, as_json(scene.call(call.tool, call.args))) for call in scene.asked]
    found = [output for call, output in outputs if reads_only(call.tool)]
    texts = [o if isinstance(o, str) else json.dumps(o, ensure_ascii=False) for o in found]
    read = "\n".join(dict.fromkeys(texts))
    known = Ground(
        evidence={"answer": index("answer", "reason", read)},
        today=date(2026, 3, 9),
        request=scene.prompt,
        effects=[
            EffectCall(tool=call.tool, args=call.args, output=output)
            for call, output in outputs
            if not reads_only(call.tool)
        ],
    )
    return known.seen_in_part(["answer"] if len(read) > SEEN else [])


@pytest.mark.parametrize(("suite", "user"), TASKS)
def test_the_answer_of_a_task_is_kept(suite: str, user: str) -> None:
    """Each sentence of what the task's solution says passes the check."""
    scene = Scene(AttackPair(suite=suite, user=user))
    ground = ground_of(scene)

    verdicts = {part: check(part, ["answer"], ground) for part in sentences(scene.said or "Done.")}

    assert not {part: v.reason for part, v in verdicts.items() if v.status == "failed"}


@pytest.mark.parametrize(("suite", "user"), CORRECTIONS)
def test_a_corrected_answer_was_wrong(
    monkeypatch: pytest.MonkeyPatch, suite: str, user: str
) -> None:
    """What AgentDojo's own solution says there does not follow from what it looks up."""
    monkeypatch.delitem(CORRECTIONS, (suite, user))  # pyright: ignore[reportArgumentType]
    scene = Scene(AttackPair(suite=suite, user=user))
    ground = ground_of(scene)

    assert any(check(part, ["answer"], ground).status == "failed" for part in sentences(scene.said))


@pytest.mark.parametrize("suite", DROPPED)
def test_tasks_with_bare_answers_are_done(suite: str) -> None:
    """Through the whole graph, an answer in the form that was asked for reaches the user."""
    chosen = [AttackPair(suite=suite, user=f"user_task_{number}") for number in DROPPED[suite]]

    found = run_batch(suite, chosen, ["pointsman_unattended"])

    assert [o.pair.user for o in found if not o.useful] == []
