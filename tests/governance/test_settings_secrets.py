"""A secret in the wrong place of a file is refused, and never printed."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import ValidationError

from pointsman import Settings, build_agent
from pointsman.errors import ConfigError, PointsmanError
from pointsman.evals.dataset import load_dataset
from pointsman.models.catalog.source import FileSettings
from pointsman.models.failures.classify import classify
from pointsman.planners.library import load_playbooks
from pointsman.state.names import variable_name
from pointsman.state.yaml_text import read_yaml
from pointsman.testing import GatewayRequest, Reply, ScriptedGateway
from pointsman.testing.script_file import load_gateway
from pointsman.tools.contracts_yaml import load_contracts

KEY = "sk-live-7f3a9c1e5b"
BROKEN = [
    pytest.param(f'key: "{KEY}', id="open-quote"),
    pytest.param(f"key: {KEY}: x", id="colon"),
    pytest.param(f"key: [{KEY}", id="open-bracket"),
    pytest.param(f"a: 1\n  {KEY}: 2\nb: {KEY}", id="indent"),
    pytest.param(f"key: *{KEY}", id="alias"),
    pytest.param(f"key: !{KEY} x", id="tag"),
    pytest.param(f"? [{KEY}]\n: x\n? {{{KEY}: 1}}\n: y", id="key-of-a-key"),
    pytest.param(f"{KEY}: 1\n{KEY}: 2", id="twice"),
    pytest.param(f"key: {KEY}\x07", id="control-character"),
    pytest.param(f"key: @{KEY}", id="reserved"),
    pytest.param(f"\tkey: {KEY}", id="tab"),
    pytest.param(f"--- {KEY}\n--- {KEY}", id="two-documents"),
]


def load_playbook(file: Path) -> Any:
    """Read a folder's playbooks."""
    return load_playbooks(file.parent, tools=())


READERS: dict[str, Callable[[Path], Any]] = {
    "settings": Settings.load,
    "catalog": FileSettings,
    "playbook": load_playbook,
    "contracts": load_contracts,
    "dataset": load_dataset,
    "script": load_gateway,
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("text", BROKEN)
def test_broken_yaml_prints_no_key(tmp_path: Path, read: Callable[[Path], Any], text: str) -> None:
    """The place is named; neither message nor traceback quotes the line."""
    file = tmp_path / "file.yaml"
    file.write_text(text)

    with pytest.raises(PointsmanError, match="line") as raised:
        read(file)

    assert KEY not in "".join(traceback.format_exception(raised.value))


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_no_yaml_error_repeats_what_was_read(text: str) -> None:
    """Whatever breaks it."""
    marked = f"{text}{KEY}{text}"
    problem = ""
    try:
        read_yaml(marked)
    except ValueError as error:
        problem = str(error)

    assert KEY not in problem


KEYS = [
    "sk-live-7f3a9c1e5b",
    "sk-proj-abcDEF123456",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "AKIAIOSFODNN7EXAMPLE",
    "hf_abcdefghij1234567890klmnop",
    "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY",
    "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG",
    "Bearer abcdef",
    "0123456789abcdef0123456789abcdef",
    "with space",
    "x" * 200,
    "https://user:pass@host",
    "mysecretkeywithoutdigits",
    "abcdefgh",
    "correct_horse_battery",
    "MyGatewayPassword",
    "QWERTYUIOPASDFGHJKLZXCVB",
]
NAMES = ["OPENAI_API_KEY", "GATEWAY_KEY", "KEY2", "HTTP_TOKEN", "AZURE_OPENAI_API_KEY_2", "_X", ""]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(
            lambda key: {
                "models": {"endpoints": {"g": {"base_url": "http://h", "api_key_env": key}}}
            },
            id="api_key_env",
        ),
        pytest.param(
            lambda key: {"models": {"endpoints": {"g": {"headers_env": {"X-Key": key}}}}},
            id="headers_env",
        ),
        pytest.param(lambda key: {"credentials": {"environment": {"bank": key}}}, id="credentials"),
    ],
)
def test_a_key_instead_of_a_name_is_refused_unprinted(
    key: str, settings: Callable[[str], dict[str, Any]]
) -> None:
    """The field is named, and what to do; not the key."""
    with pytest.raises(ConfigError, match="not the name of an environment variable") as raised:
        Settings.parse(settings(key))

    assert key not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("name", NAMES)
def test_names_are_taken(name: str) -> None:
    """Set or not: it may be set later."""
    assert variable_name(name) == name


def test_a_variable_that_is_set_may_be_called_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a name then."""
    monkeypatch.setenv("odd.Name-1234567890abcdef", "x")

    assert variable_name("odd.Name-1234567890abcdef")


@pytest.mark.parametrize(
    "values",
    [
        {"name": KEY + "!"},
        {"limits": {"max_turns": KEY}},
        {"credentials": KEY},
        {"models": {"endpoints": {"g": {"base_url": KEY, "read_timeout": KEY}}}},
        {"models": {"endpoints": {"g": {"api_key": [KEY]}}}},
        {"models": {"endpoints": {"g": {"base_url": f"https://desk:{KEY}@gateway/v1"}}}},
        {"policy": {"environment": [KEY]}},
        {"mcp": [{"name": "m", "headers": KEY}]},
        {"principal": {"scopes": KEY}},
    ],
    ids=lambda values: next(iter(values)),
)
def test_a_wrong_value_is_not_echoed(values: dict[str, Any]) -> None:
    """Neither by our reader nor by pydantic itself, which code may meet."""
    with pytest.raises(ConfigError) as ours:
        Settings.parse(values)
    with pytest.raises(ValidationError) as theirs:
        Settings(**values)

    assert KEY not in "".join(traceback.format_exception(ours.value))
    assert KEY not in str(theirs.value)


@pytest.mark.parametrize(
    "said",
    [
        "Incorrect API key provided: {key}",
        "Illegal header value b'Bearer {key}\\n'",
        'b\'{{"error": "key {key} is unknown"}}\'',
        "401 for https://gateway/v1?key=sk%2Dlive%2D7f3a9c1e5b",
        "Authorization: Basic OnNrLWxpdmUtN2YzYTljMWU1Yg==",
    ],
)
def test_a_provider_that_quotes_the_key_is_not_quoted(said: str) -> None:
    """What goes into trace and error has no form of it."""
    failure = classify(RuntimeError(said.format(key=KEY)), secrets=(KEY,))

    assert "[credential]" in failure.message
    for form in (KEY, "7f3a9c1e5b", "OnNrLWxpdmUtN2YzYTljMWU1Yg"):
        assert form not in failure.message


@pytest.mark.parametrize(
    "url",
    [
        f"https://me:{KEY}@gateway.example/v1",
        f"https://{KEY}@gateway.example/v1",
        f"https://gateway.example/v1?key={KEY}",
        f"https://gateway.example/v1?api-version=3&API_Key={KEY}",
        f"https://gateway.example/v1?access_token={KEY}",
    ],
)
def test_an_address_with_a_key_is_refused_unprinted(url: str) -> None:
    """The error says where keys belong."""
    with pytest.raises(ConfigError, match="headers_env") as raised:
        Settings.parse({"models": {"endpoints": {"gateway": {"base_url": url}}}})

    assert KEY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("header", ["x-api-key", "X-Auth-Token", "Cookie"])
async def test_a_key_in_a_plain_header_is_not_repeated(header: str, tmp_path: Path) -> None:
    """A gateway that quotes what it was sent puts it into no event, state, file or error."""

    def quoting(_: GatewayRequest) -> Reply:
        sent = {header: f"Bearer {KEY}"}
        error = {"message": f"Invalid: {sent}", "code": "invalid_request_error"}
        return Reply(document={"error": error})

    with ScriptedGateway({"first": quoting}) as server:
        endpoint = {"base_url": server.base_url, "headers": {header: f"Bearer {KEY}"}}
        model = {"id": "first", "endpoint": "gateway", "prices": {"input": 1, "output": 1}}
        models = {"endpoints": {"gateway": endpoint}, "models": [model]}
        settings = Settings.parse({"home": tmp_path / "home", "models": models})
        agent = build_agent(settings, checkpointer=InMemorySaver())
        config: Any = {"configurable": {"thread_id": "t"}}
        modes: Any = ["custom", "updates", "values"]
        seen = [p async for p in agent.astream({"task": "Hello"}, config, stream_mode=modes)]

    raw = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert "[credential]" in repr(seen)
    assert KEY not in repr(seen)
    assert KEY.encode() not in raw
