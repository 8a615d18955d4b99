"""The catalog: what is accepted, what is refused, and with which words."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.errors import ConfigError, NotFoundError
from pointsman.models.catalog.settings import (
    Catalog,
    ModelsSettings,
    parse_models_settings,
)

ENDPOINT = {"base_url": "http://127.0.0.1:1/v1"}


def test_no_models_at_all_is_valid() -> None:
    """An empty section means that no language model is configured."""
    catalog = Catalog(parse_models_settings({}))

    assert not catalog.models
    assert not catalog.serves("planner")


@pytest.mark.parametrize(
    ("data", "where"),
    [
        pytest.param({"endpoint": {}}, "models.endpoint", id="unknown key"),
        pytest.param(
            {"endpoints": {"a": {"base_url": "x", "key": "y"}}},
            "models.endpoints.a.key",
            id="unknown endpoint key",
        ),
        pytest.param(
            {"endpoints": {"a": ENDPOINT}, "models": [{"id": "m", "endpoint": "a", "quality": 9}]},
            "models.models.0.quality",
            id="quality out of range",
        ),
        pytest.param({"models": [{"id": "m"}]}, "models.models.0", id="no place"),
        pytest.param(
            {"routing": {"table": [{"name": "r", "objective": "nicest"}]}},
            "models.routing.table.0.objective",
            id="unknown objective",
        ),
        pytest.param(
            {"endpoints": {"a": ENDPOINT}, "models": [{"id": "m", "endpoint": "a", "roles": "x"}]},
            "models.models.0.roles.0",
            id="unknown role",
        ),
    ],
)
def test_errors_name_the_field(data: dict[str, Any], where: str) -> None:
    """A setting that is not valid is refused with the path of the field."""
    with pytest.raises(ConfigError) as caught:
        parse_models_settings(data)
    assert caught.value.where.startswith(where)


@pytest.mark.parametrize(
    ("models", "words"),
    [
        pytest.param([{"id": "m", "endpoint": "b"}], "no endpoint `b`", id="missing endpoint"),
        pytest.param([{"id": "m", "endpoint": "a"}] * 2, "`m@a` is listed twice", id="twice"),
        pytest.param([{"id": "m", "langchain": "gpt"}], "provider:model", id="langchain name"),
    ],
)
def test_inconsistencies_are_told(models: list[dict[str, Any]], words: str) -> None:
    """What refers to nothing, or to two things, is refused in words."""
    with pytest.raises(ConfigError, match=words):
        parse_models_settings({"endpoints": {"a": ENDPOINT}, "models": models})


def test_a_missing_key_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment variable that is not set is named, with the field that asks for it."""
    monkeypatch.delenv("SOME_KEY", raising=False)
    settings = parse_models_settings({"endpoints": {"a": {**ENDPOINT, "api_key_env": "SOME_KEY"}}})

    with pytest.raises(ConfigError, match="SOME_KEY is not set") as caught:
        settings.check_keys()
    assert caught.value.where == "models.endpoints.a.api_key_env"


def test_a_disabled_endpoint_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of endpoints that are off are not asked for, and their models serve nothing."""
    monkeypatch.delenv("SOME_KEY", raising=False)
    endpoint = {**ENDPOINT, "api_key_env": "SOME_KEY", "disabled": True}
    catalog = Catalog(
        parse_models_settings(
            {"endpoints": {"a": endpoint}, "models": [{"id": "m", "endpoint": "a"}]}
        )
    )

    assert catalog.settings.check_keys() == []
    assert not catalog.serves("chat")


def test_keys_stay_out_of_representations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a given key nor one from the environment shows in a repr or in dumped settings."""
    monkeypatch.setenv("SOME_KEY", "sk-from-environment")
    settings = ModelsSettings.model_validate(
        {
            "endpoints": {
                "a": {**ENDPOINT, "api_key": "sk-given"},
                "b": {**ENDPOINT, "headers_env": {"X-Key": "SOME_KEY"}},
            }
        }
    )

    shown = repr(settings) + settings.model_dump_json()
    assert "sk-given" not in shown
    assert "sk-from-environment" not in shown
    assert settings.endpoints["a"].key("a") == "sk-given"
    assert settings.endpoints["b"].all_headers("b") == {"X-Key": "sk-from-environment"}


def test_an_unknown_model_lists_the_known_ones() -> None:
    """Asking for a model that is not there says what is."""
    settings = parse_models_settings(
        {"endpoints": {"a": ENDPOINT}, "models": [{"id": "m", "endpoint": "a"}]}
    )
    with pytest.raises(NotFoundError, match="m@a"):
        Catalog(settings).get("n@a")


@pytest.mark.parametrize(
    ("url", "field"),
    [
        pytest.param("https://api.openai.com/v1", "max_completion_tokens", id="openai"),
        pytest.param("http://127.0.0.1:8080/v1", "max_tokens", id="compatible"),
    ],
)
def test_the_output_limit_goes_under_the_name_that_the_endpoint_knows(url: str, field: str) -> None:
    """A limit under a name that an endpoint ignores would not limit anything."""
    settings = parse_models_settings({"endpoints": {"a": {"base_url": url}}})
    assert settings.endpoints["a"].output_limit_field == field
