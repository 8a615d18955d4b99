"""How well requests are recognized, measured on requests that no threshold was chosen on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from pointsman.planners.playbook import PlaybookPlanner

REQUESTS = yaml.safe_load((Path(__file__).parent / "data" / "requests.yaml").read_text("utf-8"))
NOTHING = "-"

Outcomes = Counter[str]


def outcomes(planner: PlaybookPlanner, split: str) -> Outcomes:
    """Count what becomes of the requests of a split."""
    counts: Outcomes = Counter()
    for wanted, text in REQUESTS[split]:
        read = "+".join(asked.match.label for asked in planner.read(text).asked) or NOTHING
        if wanted == NOTHING:
            counts["refused" if read == NOTHING else "false_accept"] += 1
        elif read == wanted:
            counts["right"] += 1
        else:
            counts["declined" if read == NOTHING else "wrong"] += 1
    return counts


@pytest.fixture(scope="module")
def measured(planner: PlaybookPlanner) -> Outcomes:
    """What became of the held-out requests."""
    return outcomes(planner, "test")


def test_the_held_out_split_is_large_enough() -> None:
    """At least 40 paraphrases and 20 other requests are held out, none of them in `dev`."""
    kinds = Counter(wanted == NOTHING for wanted, _ in REQUESTS["test"])

    assert kinds[False] >= 40
    assert kinds[True] >= 20
    assert not {text for _, text in REQUESTS["test"]} & {text for _, text in REQUESTS["dev"]}


def test_held_out_paraphrases_are_recognized(measured: Outcomes) -> None:
    """Nine of ten paraphrases find their playbook."""
    assert measured["right"] / (measured["right"] + measured["declined"]) >= 0.9


def test_no_held_out_request_gets_another_playbook(measured: Outcomes) -> None:
    """No paraphrase is taken for something else."""
    assert measured["wrong"] == 0


def test_no_held_out_request_out_of_scope_is_accepted(measured: Outcomes) -> None:
    """None of the other requests, near misses included, gets a plan."""
    assert measured["false_accept"] == 0


def test_what_was_tuned_on_still_holds(planner: PlaybookPlanner) -> None:
    """The requests that thresholds were chosen on are all read as intended."""
    counts = outcomes(planner, "dev")

    assert counts["wrong"] == counts["declined"] == counts["false_accept"] == 0


def test_a_match_is_explained(planner: PlaybookPlanner) -> None:
    """A reading names the nearest example, the score and the words it rests on."""
    [asked] = planner.read("Where is my order ORD-2077?").asked

    assert asked.match.example == "Where is my order ORD-1003"
    assert asked.match.score > 0.9
    assert "where" in asked.match.shared


def test_reading_is_deterministic(planner: PlaybookPlanner) -> None:
    """The same text gives the same reading."""
    text = "Could you check on ORD-1011 for me?"

    assert planner.read(text) == planner.read(text)
