"""The gateway as a process of its own, told what to do by YAML."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import openai
import pytest

from pointsman.errors import ConfigError
from pointsman.testing import load_gateway

HELLO: list[Any] = [{"role": "user", "content": "hello"}]
SCRIPT = """
api_key: sk-file
prices:
  small: {input: 1, output: 2, cached_input: 0.5}
models:
  small:
    - Hello.
    - fault: {kind: rate_limited_seconds, seconds: 7}
    - json: {order_id: A-1}
    - tool_calls: [{name: lookup, args: {id: 1}}]
      usage: {input_tokens: 10, output_tokens: 5}
faults:
  - {kind: overloaded, model: small, at: [1]}
"""


def write(folder: Path, text: str) -> Path:
    """Write a script."""
    path = folder / "script.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_yaml_script_is_played(tmp_path: Path, connect: Any) -> None:
    """Replies, faults, prices and key of the file take effect."""
    with load_gateway(write(tmp_path, SCRIPT)) as gateway:
        ask = connect(gateway, api_key="sk-file").chat.completions.create
        with pytest.raises(openai.InternalServerError):
            ask(model="small", messages=HELLO)
        assert ask(model="small", messages=HELLO).choices[0].message.content == "Hello."
        with pytest.raises(openai.RateLimitError) as caught:
            ask(model="small", messages=HELLO)
        assert caught.value.response.headers["retry-after"] == "7"
        assert "A-1" in ask(model="small", messages=HELLO).choices[0].message.content
        assert ask(model="small", messages=HELLO).usage.total_tokens == 15
    assert gateway.billed_usd() > 0
    gateway.assert_complete()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("models: {m: [{fault: {kind: nonsense}}]}", "kind", id="kind"),
        pytest.param("modles: {}", "modles", id="field"),
        pytest.param("models: {m: [{txt: hi}]}", "txt", id="reply"),
        pytest.param("models: [", "Cannot read the script", id="yaml"),
    ],
)
def test_a_broken_script_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    """The error names the field."""
    with pytest.raises(ConfigError, match=problem):
        load_gateway(write(tmp_path, text))


def test_a_missing_script_is_refused(tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(ConfigError, match=r"absent\.yaml"):
        load_gateway(tmp_path / "absent.yaml")


@pytest.mark.parametrize(("requests", "exit_code"), [(1, 0), (0, 1)])
def test_serve(tmp_path: Path, requests: int, exit_code: int) -> None:
    """It prints its URL, serves, and exits 1 unless the script was followed."""
    script = write(tmp_path, "models: {m: [Hello.]}")
    command = [sys.executable, "-m", "pointsman.testing", "serve", "--script", str(script)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with openai.OpenAI(base_url=url, api_key="k", max_retries=0) as client:
            for _ in range(requests):
                client.chat.completions.create(model="m", messages=HELLO)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=20)
    assert process.returncode == exit_code
    assert ("POST /v1/chat/completions m 200" in told) == bool(requests)
