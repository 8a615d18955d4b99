"""What is kept and what is dropped, in four languages, with neighbours that are nearly right."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from pointsman.evals.answer_check import ground_of
from pointsman.grounding.check import check
from pointsman.grounding.ground import Ground

CASES = Path(__file__).parent / "cases"


@cache
def scene(name: str) -> tuple[dict[str, Any], Ground]:
    """Return a file of cases and what its sentences may stand on."""
    raw = yaml.safe_load((CASES / name).read_text(encoding="utf-8"))
    return raw, ground_of(raw | {"today": str(raw["today"])})


def lines(label: str) -> list[Any]:
    """Return (file, sentence, cites) of all lines under a label."""
    return list(_lines(label))


def _lines(label: str) -> Iterator[Any]:
    for path in sorted(CASES.glob("*.yaml")):
        for line in scene(path.name)[0][label]:
            sentence, _, cites = line.rpartition("|")
            sentence = sentence.strip()
            yield pytest.param(path.name, sentence, cites.split(), id=f"{path.stem}: {line}")


@pytest.mark.parametrize(("name", "sentence", "cites"), lines("keep"))
def test_a_right_sentence_is_kept(name: str, sentence: str, cites: list[str]) -> None:
    """What the evidence carries, or what claims nothing, is never dropped."""
    verdict = check(sentence, cites, scene(name)[1])

    assert verdict.status != "failed", verdict.reason


@pytest.mark.parametrize(("name", "sentence", "cites"), lines("drop"))
def test_a_wrong_sentence_is_dropped(name: str, sentence: str, cites: list[str]) -> None:
    """A number, date, name, unit, count, sum, polarity or deed that is not so fails."""
    verdict = check(sentence, cites, scene(name)[1])

    assert verdict.status == "failed"
    assert verdict.reason
