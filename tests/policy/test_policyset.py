"""What is refused when policies are loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from pointsman.errors import ConfigError
from pointsman.policy.cedar import CedarPolicy
from pointsman.policy.settings import PolicySettings

PERMIT = 'permit (principal, action == Action::"call", resource)'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("permit (", "do not parse", id="syntax"),
        pytest.param(f"{PERMIT};", "no @id", id="no-id"),
        pytest.param(f'@id("call-money") {PERMIT};', "Two policies", id="duplicate-id"),
        pytest.param(f'@id("x") @qourum("2") {PERMIT};', "qourum", id="misspelt-annotation"),
        pytest.param(f'@id("x") @quorum("0") {PERMIT};', "@quorum", id="quorum-zero"),
        pytest.param(f'@id("x") @quorum("two") {PERMIT};', "@quorum", id="quorum-word"),
        pytest.param(f'@id("x") @expires("-1") {PERMIT};', "@expires", id="expires-negative"),
        pytest.param(f'@id("x") @allowed("accept") {PERMIT};', "@allowed", id="allowed-unknown"),
        pytest.param(f'@id("x") @reason("{{secret}}") {PERMIT};', "secret", id="placeholder"),
        pytest.param(f'@id("x") @reason("{{") {PERMIT};', "template", id="broken-reason"),
        pytest.param(
            f'@id("x") {PERMIT} when {{ resource.efect == "read" }};', "efect", id="schema"
        ),
        pytest.param(
            f'@id("x") {PERMIT} when {{ context.amountCents < 5 }};', "amountCents", id="no-has"
        ),
        pytest.param(
            '@id("x") permit (principal == ?principal, action, resource);', "template", id="slot"
        ),
    ],
)
def test_invalid_policies_do_not_load(text: str, says: str, policy) -> None:
    """A policy that could not mean what its author meant is an error at the start."""
    with pytest.raises(ConfigError, match=says):
        policy(text)


def test_a_missing_file_names_the_setting() -> None:
    """The error names the setting and the path."""
    with pytest.raises(ConfigError, match=r"policy\.file: /nowhere"):
        CedarPolicy(PolicySettings(file=Path("/nowhere")))


def test_a_schema_that_does_not_parse_is_refused(tmp_path: Path) -> None:
    """A broken schema is an error at the start, not a policy without checks."""
    path = tmp_path / "bad.cedarschema"
    path.write_text("entity", "utf-8")

    with pytest.raises(ConfigError, match="schema"):
        CedarPolicy(PolicySettings(schema_file=path))


def test_a_file_replaces_the_defaults(tmp_path: Path, contract, facts) -> None:
    """An empty policy file permits nothing."""
    path = tmp_path / "own.cedar"
    path.write_text("", "utf-8")

    decision = CedarPolicy(PolicySettings(file=path)).decide(contract(effect="read"), facts())

    assert decision.outcome == "refuse"
    assert decision.reason == "Nothing permits to call issue_refund."


def test_unknown_settings_are_refused() -> None:
    """A misspelt setting is an error."""
    with pytest.raises(ValidationError, match="fiel"):
        PolicySettings.model_validate({"fiel": "x"})
