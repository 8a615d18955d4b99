"""`route explain` and `route learn`."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_route_is_explained_without_a_call(desk, gateway):
    """Candidates stand in order with reasons, the others with why not."""
    page = desk("route", "explain", "prove it", "--task-type", "long_reasoning", "--risk", "high")
    document = desk("route", "explain", "prove it", "--json").document

    assert page.code == 0
    assert [c["model"] for c in document["candidates"]] == ["big"]
    assert document["candidates"][0]["reason"]
    assert [e["model"] for e in document["excluded"]] == ["tiny"]
    assert "big@desk" in page.out
    assert not gateway.requests


def test_media_are_part_of_the_question(desk, gateway):
    """A request with an image has no candidate among models of text."""
    document = desk("route", "explain", "look", "--modality", "image", "--json").document

    assert all(c["adapt"] for c in document["candidates"])


def test_learning_says_honestly_what_it_is_worth(desk, tmp_path):
    """A table where nothing can be learned ends in a report that says so."""
    pytest.importorskip("sklearn")
    lines = ["prompt,weak_correct,strong_correct"]
    lines += [f"question {n},{n * 7919 % 2},{n * 104729 // 3 % 2}" for n in range(600)]
    table, saved = tmp_path / "outcomes.csv", tmp_path / "router.json"
    table.write_text("\n".join(lines), encoding="utf-8")

    result = desk("route", "learn", "--outcomes", str(table), "--save", str(saved), "--json")

    assert result.code == 0, result.err
    assert result.document["verdict"]
    assert saved.exists()


def test_learning_from_nothing_fails_by_name(desk):
    """A log without outcomes teaches nothing."""
    pytest.importorskip("sklearn")

    assert desk("route", "learn").code == 1
    assert desk("routes", "learn").code == 1, "its former name"


def test_missing_table_is_wrong_use(desk):
    """A file that is not there ends with 2."""
    assert desk("routes", "learn", "--outcomes", str(Path("nowhere.csv"))).code == 2
