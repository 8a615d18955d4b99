"""Every setting is turned by a test: one that nothing tries is a promise that nobody keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from pointsman import Settings
from pointsman.errors import ConfigError
from pointsman.state.context import AgentContext

HERE = Path(__file__).parent


def sections(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """Yield a model and every one that its fields hold."""
    if model in seen:
        return
    seen.add(model)
    yield model
    for field in model.model_fields.values():
        for kind in kinds(field.annotation):
            yield from sections(kind, seen)


def kinds(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that an annotation names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from kinds(part)


def test_every_setting_is_named_by_a_test() -> None:
    """As a word of its own, in Python or in a file that a test reads."""
    files = [f for f in HERE.rglob("*") if f.suffix in (".py", ".yaml", ".toml", ".md")]
    words = set(re.findall(r"\w+", "\n".join(f.read_text(encoding="utf-8") for f in files)))
    seen = set[type[BaseModel]]()
    models = list(sections(Settings, seen))
    named = {(m.__name__, name) for m in models for name in m.model_fields}
    named |= {("AgentContext", field.name) for field in fields(AgentContext)}

    assert len(models) > 10
    assert {f"{of}.{name}" for of, name in named if name not in words} == set()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1])
@pytest.mark.parametrize(
    "section",
    ["deadline_seconds", "limits.budget_usd", "limits.budget_tokens", "limits.max_turns"]
    + [f"models.budget.{scope}.usd" for scope in ("run", "step", "thread", "principal", "day")],
)
def test_a_limit_that_is_no_number_is_refused(section: str, value: float) -> None:
    """It would be passed by nothing, or refuse all: the setting is named instead."""
    given: Any = value
    for name in reversed(section.split(".")):
        given = {name: given}

    with pytest.raises(ConfigError) as refused:
        Settings.parse(given)

    assert section in str(refused.value)
