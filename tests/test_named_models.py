"""Models by name, as people with LangChain habits write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pointsman import Settings, build_agent
from pointsman.errors import ConfigError
from pointsman.given import given_models


def test_a_name_is_made_and_serves_its_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    """`provider:model` works for one role and for all of them."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    made: Any = given_models("openai:gpt-5", {"planner": "openai:gpt-5-mini"})
    assert made["planner"].model_name == "gpt-5-mini"
    assert {made[role].model_name for role in made if role != "planner"} == {"gpt-5"}
    assert made["chat"].max_retries == 0


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ({"planner": "openai:gpt-5"}, "OPENAI_API_KEY"),
        ({"planner": "nobody:gpt-5"}, "nobody"),
        ({"planner": "no-such-model"}, "provider:model"),
        ({"plannr": "openai:gpt-5"}, "plannr"),
    ],
)
def test_what_cannot_be_made_says_what_to_do(
    models: Any, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing key or package, an unknown provider and an unknown role are named."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigError, match=words):
        build_agent(Settings.parse({"home": tmp_path}), models=models)
