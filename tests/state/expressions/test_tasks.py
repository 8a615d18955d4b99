"""Fifty small tasks, with the expressions that a writer gave at the first try."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from pointsman.state.expressions import evaluate, parse
from pointsman.state.expressions.inference import infer
from pointsman.state.expressions.syntax import printed
from pointsman.state.shapes import shape_of_value

DATA = Path(__file__).parent / "data"
TASKS = yaml.safe_load((DATA / "tasks.yaml").read_text())
ANSWERS = yaml.safe_load((DATA / "answers_python.yaml").read_text())
NOW = datetime(2026, 3, 10, 9)


@pytest.mark.parametrize("task", TASKS["tasks"], ids=lambda task: task["id"])
def test_the_first_try_is_right(task: dict[str, Any]) -> None:
    """An amount is the amount to the last digit."""
    found = evaluate(str(ANSWERS[task["id"]]), TASKS["data"], now=NOW)

    assert found == task["expect"]
    assert isinstance(found, bool) == isinstance(task["expect"], bool)


@pytest.mark.parametrize("task", TASKS["tasks"], ids=lambda task: task["id"])
def test_no_right_answer_is_refused_before_it_runs(task: dict[str, Any]) -> None:
    """The check against shapes lets pass what works."""
    shapes = {name: shape_of_value(value) for name, value in TASKS["data"].items()}

    infer(str(ANSWERS[task["id"]]), shapes)


@pytest.mark.parametrize("task", TASKS["tasks"], ids=lambda task: task["id"])
def test_printing_keeps_the_meaning(task: dict[str, Any]) -> None:
    """What is printed reads as the same expression, and prints the same again."""
    said = printed(parse(str(ANSWERS[task["id"]])).tree)

    assert evaluate(said, TASKS["data"], now=NOW) == task["expect"]
    assert printed(parse(said).tree) == said
