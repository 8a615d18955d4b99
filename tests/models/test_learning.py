"""Learning routes: fitted on one part, judged on the other, and honest about it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage

from pointsman.errors import ConfigError
from pointsman.models.calling.signals import signals_for
from pointsman.models.catalog.settings import Catalog, parse_models_settings
from pointsman.models.learned.features import WIDTH, features
from pointsman.models.learned.learning import HELD_OUT, learn
from pointsman.models.learned.outcomes import (
    GradedReply,
    is_held_out,
    pairs_of,
    read_log,
    read_table,
)
from pointsman.models.learned.replay import Costs, compare
from pointsman.models.learned.router import LearnedRouter, load_scorers
from pointsman.models.requests import ModelRequest, Signals
from pointsman.models.routing.router import Facts
from pointsman.state.results import Attempt, StepResult, Verdict
from pointsman.stores.store import SqlStore
from pointsman.testing import ScriptedModel

from .conftest import MakeGateway, MakeRun

WORDS = tuple("αβγδεζηθικλμ")


def recorded(count: int, *, telling: bool, seed: int = 1) -> list[GradedReply]:
    """Outcomes where the weak model fails at sums, if the text tells, or at random."""
    chance = random.Random(seed)
    outcomes: list[GradedReply] = []
    for number in range(count):
        hard = chance.random() < 0.5
        topic = "Prove the integral" if hard else "Name the capital"
        words = " ".join(chance.choices(WORDS, k=8))
        prompt = f"{topic if telling else 'Consider'} {words} {number}"
        weak_fails = hard and chance.random() < 0.8
        strong_fails = chance.random() < 0.1
        outcomes.append(GradedReply(prompt=prompt, model="weak", good=not weak_fails))
        outcomes.append(GradedReply(prompt=prompt, model="strong", good=not strong_fails))
    return outcomes


def test_it_learns_what_the_text_tells() -> None:
    """Where hard requests look hard, the router beats a random mix, with calibrated odds."""
    report = learn(recorded(1_500, telling=True))

    assert report.comparison is not None
    assert report.comparison.beats_random
    assert "beats a random mix" in report.verdict
    assert report.comparison.area > 0.7
    assert report.comparison.regret < report.comparison.random_regret
    assert all(c.brier < c.base_brier + 0.01 for c in report.calibration)
    assert max(c.calibration_error for c in report.calibration) < 0.1


def test_it_says_so_when_there_is_nothing_to_learn() -> None:
    """Where the text tells nothing, the report says that random is as good."""
    report = learn(recorded(1_000, telling=False))
    assert report.comparison is not None
    assert not report.comparison.beats_random
    assert "does NOT beat a random mix" in report.to_markdown()


def test_the_held_out_part_is_never_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """No held-out text reaches the fit, and equal texts are on one side."""
    from pointsman.models.learned import learning

    seen: list[str] = []
    matrix = learning._matrix
    monkeypatch.setattr(
        learning, "_matrix", lambda prompts: seen.extend(prompts) or matrix(prompts)
    )
    outcomes = recorded(600, telling=True)

    report = learn(outcomes)

    assert seen
    assert not any(is_held_out(prompt, HELD_OUT) for prompt in seen)
    assert report.comparison is not None
    held_out = {o.prompt for o in outcomes if is_held_out(o.prompt, HELD_OUT)}
    assert report.comparison.requests == len(held_out)


def test_the_learned_router_reads_its_file_back(tmp_path: Path) -> None:
    """What was fitted orders the candidates: the strong model only where it is worth its price."""
    path = tmp_path / "router.json"
    learn(recorded(1_500, telling=True), save_to=path)
    settings = parse_models_settings(
        {
            "endpoints": {"a": {"base_url": "http://a.test/v1"}},
            "models": [
                {"id": "weak", "endpoint": "a", "prices": {"input": 1, "output": 1}},
                {"id": "strong", "endpoint": "a", "prices": {"input": 5, "output": 5}},
                {"id": "unseen", "endpoint": "a", "prices": {"input": 0, "output": 0}},
            ],
        }
    )
    router = LearnedRouter(path=path, value_usd=0.02)

    def order(text: str) -> list[str]:
        signals = signals_for(text, output_tokens=100)
        ranking = router.rank(signals, catalog=Catalog(settings), facts=Facts())
        assert "likely to do well" in ranking.candidates[0].reason
        return [candidate.model for candidate in ranking.candidates]

    assert order("Prove the integral alpha beta") == ["strong", "weak", "unseen"]
    assert order("Name the capital alpha beta")[0] == "weak"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("nonsense", id="not JSON"),
        pytest.param('{"format": 99, "models": {}}', id="another version"),
        pytest.param('{"format": 1, "models": {"m": {"weights": "AAAA"}}}', id="other weights"),
    ],
)
def test_a_foreign_file_is_refused(tmp_path: Path, text: str) -> None:
    """A file that is not a learned router of this version is a configuration error."""
    path = tmp_path / "router.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="learned router cannot be read"):
        load_scorers(path)


def test_features_are_stable_and_bounded() -> None:
    """The same text has the same features in every process, and they fit the weights."""
    vector = features("What is 2 + 2?\nA. 3\nB. 4")
    assert vector == features("What is 2 + 2?\nA. 3\nB. 4")
    assert max(vector) < WIDTH
    assert min(vector) >= 0
    assert features("")
    hashed = [value for slot, value in vector.items() if slot < 1 << 16]
    assert sum(value * value for value in hashed) == pytest.approx(1.0)


def test_replay_measures_what_it_says() -> None:
    """On four requests the curve, the baselines and the areas can be checked by hand."""
    weak, strong = [True, False, False, True], [True, True, True, True]
    perfect = compare([0, 1, 1, 0], weak, strong, costs=Costs(weak=1.0, strong=3.0))
    hopeless = compare([1, 0, 0, 1], weak, strong, costs=Costs())

    points = {p.name: (p.strong_share, p.quality, p.usd_per_call) for p in perfect.baselines}
    assert points["always weak"] == (0.0, 0.5, 1.0)
    assert points["always strong"] == (1.0, 1.0, 3.0)
    assert points["oracle"] == (0.5, 1.0, 2.0)
    assert perfect.area == perfect.oracle_area == pytest.approx(0.75)
    assert perfect.regret == 0.0
    assert hopeless.area == pytest.approx(0.25)
    assert hopeless.regret == pytest.approx(0.2)


def test_too_little_is_refused() -> None:
    """A handful of outcomes is not passed off as knowledge."""
    with pytest.raises(ConfigError, match="teach nothing"):
        learn(recorded(20, telling=True))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("prompt,weak_correct\nx,1\n", "no column strong_correct", id="column"),
        pytest.param("prompt,weak_correct,strong_correct\nx,1,yes\n", "is `yes`", id="cell"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """Missing columns and odd cells are named."""
    path = tmp_path / "outcomes.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        read_table(path)


def test_a_table_becomes_pairs(tmp_path: Path) -> None:
    """Each row is an outcome of either model, and one pair."""
    path = tmp_path / "outcomes.csv"
    path.write_text("prompt,weak_correct,strong_correct\nx,0,1\ny,1,1\n", encoding="utf-8")
    outcomes = read_table(path)
    assert len(outcomes) == 4
    pairs = pairs_of(outcomes, weak="weak", strong="strong")
    assert [(p.prompt, p.weak, p.strong) for p in pairs] == [("x", False, True), ("y", True, True)]


async def test_our_own_log_becomes_outcomes(
    gateway: MakeGateway, run: MakeRun, store: SqlStore
) -> None:
    """An attempt is as good as the verdict on its step."""
    models = gateway(
        parse_models_settings({}), overrides={"chat": ScriptedModel(replies=["a", "b"])}
    )
    for step, action in (("s1", "accept"), ("s2", "retry")):
        request = ModelRequest(
            signals=Signals(data_class=(), role="chat"), messages=[HumanMessage(f"do {step}")]
        )
        reply = await models.complete(request, run=run(), step=step)
        verdict = Verdict.model_validate({"action": action, "reason": ""})
        name = f"{reply.model}@{reply.endpoint}"
        made = Attempt(number=1, performed_by=name, verdict=verdict)
        result = StepResult(step=step, status="accepted", attempts=(made,))
        await store.journal.record_outcome("run-1", "thread-1", result)

    outcomes = await read_log(store)

    assert {(o.prompt, o.good) for o in outcomes} == {("do s1", True), ("do s2", False)}
