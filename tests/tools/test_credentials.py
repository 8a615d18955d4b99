"""Credentials: fetched for one call, and found nowhere afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pointsman.errors import CredentialError
from pointsman.state.run import Principal, Run
from pointsman.stores import SqlStore
from pointsman.tools import EnvironmentCredentials, FileCredentials, ToolCall, tool

SECRET = "s3cr3t/Value+1"
WHO = Principal()


@tool(effect="read", credentials=("bank",))
async def leak(how: str, call: ToolCall) -> dict[str, str]:
    """Do everything wrong that a tool can do with a credential."""
    value = call.credentials["bank"]
    if how == "raise":
        raise ValueError(f"401 for https://x/?key={value}")
    return {"echo": value, value: "as a key", "call": repr(call)}


def private(path: Path, text: str) -> Path:
    """Write a file that only its owner may read."""
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("how", ["raise", "return"])
async def test_a_credential_leaves_the_call_masked(
    make_runner: Any, run: Run, store: SqlStore, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Neither the outcome nor the ledger holds its value."""
    monkeypatch.setenv("BANK_KEY", SECRET)
    runner = make_runner(leak, credentials=EnvironmentCredentials({"bank": "BANK_KEY"}))
    outcome = await runner.call("leak", {"how": how}, run=run, step="s", attempt=1, timeout=None)
    recorded = await store.effects.of_run(run.id)
    assert SECRET not in str(outcome) + str(recorded)
    assert "[credential]" in str(outcome)


async def test_a_missing_credential_fails_the_call_with_its_name(
    make_runner: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is called, and the operator learns which variable to set."""
    monkeypatch.delenv("BANK_KEY", raising=False)
    runner = make_runner(leak, credentials=EnvironmentCredentials({"bank": "BANK_KEY"}))
    outcome = await runner.call("leak", {"how": "x"}, run=run, step="s", attempt=1, timeout=None)
    assert (outcome.status, outcome.kind) == ("failed", "credentials")
    assert "BANK_KEY" in outcome.error


async def test_a_provider_that_fails_says_no_secret(make_runner: Any, run: Run) -> None:
    """Only the kind of its failure is repeated."""

    class Broken:
        async def fetch(self, *names: Any, **context: Any) -> dict[str, str]:
            raise OSError(SECRET)

    runner = make_runner(leak, credentials=Broken())
    outcome = await runner.call("leak", {"how": "x"}, run=run, step="s", attempt=1, timeout=None)
    assert outcome.kind == "credentials"
    assert SECRET not in outcome.error


@pytest.mark.parametrize("value", [5, b"key", None, ["key"], {"token": "key"}, True])
async def test_a_provider_that_gives_no_text_is_refused_before_the_call(
    make_runner: Any, run: Run, value: Any
) -> None:
    """Nothing was called, and a change was told as one that may have happened."""

    class Odd:
        async def fetch(self, *names: Any, **context: Any) -> dict[str, Any]:
            return {"bank": value}

    @tool(effect="money", idempotency="none", credentials=("bank",))
    async def pay(invoice: str, call: ToolCall) -> str:
        """Pay."""
        raise AssertionError

    runner = make_runner(pay, credentials=Odd())
    outcome = await runner.call("pay", {"invoice": "x"}, run=run, step="s", attempt=1, timeout=None)
    assert (outcome.status, outcome.kind) == ("failed", "credentials")
    assert "key" not in outcome.error


async def test_a_name_that_is_not_configured_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A contract cannot ask for any variable of the process."""
    monkeypatch.setenv("HOME_SECRET", SECRET)
    with pytest.raises(CredentialError, match="No variable is configured"):
        await EnvironmentCredentials({}).fetch(("HOME_SECRET",), scopes=(), principal=WHO)


@pytest.mark.parametrize(
    "text",
    ['{"bank": "v=1", "other": "x"}', "# keys\nexport bank='v=1'\n\nother=x\n", 'bank="v=1"'],
    ids=["json", "lines", "quoted"],
)
async def test_only_what_was_asked_for_is_returned(tmp_path: Path, text: str) -> None:
    """Both forms of file work, and the rest of the file stays there."""
    provider = FileCredentials(private(tmp_path / "keys", text))
    assert await provider.fetch(("bank",), scopes=(), principal=WHO) == {"bank": "v=1"}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
async def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """The error says what to run."""
    path = private(tmp_path / "keys", f"bank={SECRET}")
    path.chmod(mode)
    with pytest.raises(CredentialError, match="chmod 600") as raised:
        await FileCredentials(path).fetch(("bank",), scopes=(), principal=WHO)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("text", ['{"bank": "' + SECRET, f"bank: {SECRET}", "other=x"])
async def test_a_malformed_file_is_not_quoted(tmp_path: Path, text: str) -> None:
    """An error that quoted the line would print the secret."""
    provider = FileCredentials(private(tmp_path / "keys", text))
    with pytest.raises(CredentialError) as raised:
        await provider.fetch(("bank",), scopes=(), principal=WHO)
    assert SECRET not in str(raised.value)
    assert SECRET not in repr(raised.value.__cause__)


async def test_a_missing_file(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(CredentialError, match="nowhere"):
        await FileCredentials(tmp_path / "nowhere").fetch(("a",), scopes=(), principal=WHO)


@pytest.mark.parametrize("value", ["null", "true", "[]", '["abc"]', '{"value": "abc"}', '""'])
async def test_what_is_no_text_is_no_credential(tmp_path: Path, value: str) -> None:
    """A null is not sent as the word "None"; what stands beside it is served."""
    path = tmp_path / "keys.json"
    path.write_text(f'{{"bank": {value}, "post": "{SECRET}", "pin": 1234}}')
    path.chmod(0o600)
    credentials = FileCredentials(path)

    with pytest.raises(CredentialError, match="does not hold this credential"):
        await credentials.fetch(("bank",), scopes=(), principal=Principal())
    found = await credentials.fetch(("post", "pin"), scopes=(), principal=Principal())
    assert found == {"post": SECRET, "pin": "1234"}


@pytest.mark.parametrize("text", ['{{"bank": "{}"}}', "bank={}\r\n"])
async def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path, text: str) -> None:
    """Editors of Windows write one, and it is no part of the first name."""
    path = tmp_path / "keys"
    path.write_text(text.format(SECRET), encoding="utf-8-sig")
    path.chmod(0o600)

    found = await FileCredentials(path).fetch(("bank",), scopes=(), principal=Principal())

    assert found == {"bank": SECRET}
