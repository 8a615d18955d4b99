"""`answer check`: a file of sentences, each with its verdict and the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

EVIDENCE = [{"id": "a", "source": "order 7", "text": '{"total": 49.9, "currency": "EUR"}'}]


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """A file with a right sentence and a wrong one."""
    item = {"evidence": EVIDENCE, "today": "2026-05-01", "cites": ["a"]}
    lines = [item | {"sentence": f"The total is {total} euros."} for total in ("49.90", "49.80")]
    file = tmp_path / "answers.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file


def test_each_sentence_has_its_verdict_and_the_reason(desk: Any, answers: Path) -> None:
    """What is missing is named, and a failed sentence is a failed command."""
    ended = desk("answer", "check", str(answers))

    carried, failed, counts = ended.out.strip().splitlines()
    assert carried.startswith("carried")
    assert failed.startswith("failed")
    assert "49.80" in failed.rpartition("(")[2]
    assert counts == "1 carried, 0 unverified, 1 failed"
    assert ended.code == 1


def test_a_text_is_checked_sentence_by_sentence(desk: Any, tmp_path: Path) -> None:
    """A plain text may stand on all the evidence that comes with it."""
    file = tmp_path / "answer.json"
    text = "Hello! The total is 49.90 euros. Would you like a receipt?"
    file.write_text(json.dumps({"text": text, "evidence": EVIDENCE}), encoding="utf-8")

    ended = desk("answer", "check", str(file), "--json")

    assert [line["status"] for line in ended.document] == ["carried"] * 3
    assert ended.code == 0


@pytest.mark.parametrize(
    "content", ["no json", '{"evidence": []}', '{"sentence": "x", "today": 1}']
)
def test_a_file_of_another_form_is_told_what_is_wrong(
    desk: Any, tmp_path: Path, content: str
) -> None:
    """With the file's name and what to do."""
    file = tmp_path / "bad.json"
    file.write_text(content, encoding="utf-8")

    ended = desk("answer", "check", str(file))

    assert ended.code == 2
    assert "bad.json" in ended.err
