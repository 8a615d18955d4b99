"""How far untrusted text reaches."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.policy.cedar import CedarPolicy
from pointsman.policy.facts import CallFacts
from pointsman.policy.roles import ROLES
from pointsman.policy.settings import PolicySettings
from pointsman.policy.taint import assess
from pointsman.state.run import Principal
from pointsman.tools.contract import Effect, ToolContract

NAMES = st.sampled_from(["to", "amount", "items", "note"])
PATHS = st.one_of(NAMES, NAMES.map(lambda name: f"{name}.0.id"), st.just(""))
SOURCES = st.lists(st.sampled_from(["page", "mail"]), min_size=1, max_size=2).map(tuple)


@pytest.mark.parametrize(
    ("consequential", "path", "counts"),
    [
        pytest.param(None, "anything", True, id="none-means-all"),
        pytest.param((), "anything", False, id="empty-means-none"),
        pytest.param(("items",), "items.0.id", True, id="nested-path"),
        pytest.param(("items.0.id",), "items", True, id="nested-mark"),
        pytest.param(("to",), "", True, id="whole-arguments"),
        pytest.param(("to",), "total", False, id="no-prefix-match"),
    ],
)
def test_which_arguments_count(consequential: Any, path: str, counts: bool, contract) -> None:
    """An argument counts by its top-level name."""
    taint = assess(contract(consequential=consequential), tainted_args={path: ("page",)})

    assert bool(taint.consequential_arguments) is counts


def test_a_path_without_sources_is_clean(contract) -> None:
    """Only sources taint."""
    assert not assess(contract(), tainted_args={"amount": ()}).arguments


@st.composite
def contracts(draw: st.DrawFn) -> ToolContract:
    """Draw any contract that is consequential."""
    effect = draw(st.sampled_from(get_args(Effect)))
    return ToolContract(
        name="tool",
        description="",
        args_schema={},
        effect=effect,
        egress=True if effect == "read" else draw(st.booleans()),
        trust=draw(st.sampled_from(["trusted", "internal", "untrusted"])),
        consequential=draw(st.none() | st.lists(NAMES).map(tuple)),
        risk=draw(st.lists(st.sampled_from(["pii", "cash"])).map(tuple)),
        scopes=draw(st.sampled_from([(), ("a",)])),
        amount=draw(st.sampled_from(["", "amount", "items.0.amount"])),
    )


@st.composite
def tainted_calls(draw: st.DrawFn) -> tuple[ToolContract, CallFacts]:
    """Draw any call that untrusted text caused or steered."""
    contract = draw(contracts())
    call = draw(st.sampled_from([(), ("page",)]))
    paths = draw(st.dictionaries(PATHS, SOURCES))
    if not call and not assess(contract, tainted_args=paths).consequential_arguments:
        name = draw(st.sampled_from(contract.consequential)) if contract.consequential else ""
        paths[name] = ("page",)
    facts = CallFacts(
        principal=Principal(
            id=draw(st.sampled_from(["local", "alice"])),
            role=draw(st.sampled_from([*ROLES, "unknown"])),
            scopes=draw(st.sampled_from([(), ("a",)])),
        ),
        tool="tool",
        args={"amount": draw(st.floats() | st.integers() | st.none() | st.text(max_size=5))},
        taint=call,
        tainted_args=paths,
        confidence=draw(st.none() | st.floats(0, 1)),
        spent_usd=draw(st.floats(0, 1e9)),
        environment=draw(st.sampled_from(["development", "production"])),
        allowed_tools=draw(st.sampled_from([None, (), ("tool",)])),
        ask_always=draw(st.booleans()),
        task=draw(st.text(max_size=20)),
        frozen=draw(st.booleans()),
    )
    return contract, facts


def permissive() -> CedarPolicy:
    """Build an engine that permits everything the defaults do not forbid."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "all.cedar"
        path.write_text('@id("all") permit (principal, action, resource);')
        return CedarPolicy(PolicySettings(additions=(path,)))


DEFAULT, PERMISSIVE = CedarPolicy(), permissive()


@settings(deadline=None)
@given(tainted_calls())
def test_nothing_tainted_runs_by_default(call: tuple[ToolContract, CallFacts]) -> None:
    """No combination of facts lets untrusted text act unattended."""
    assert DEFAULT.decide(*call).outcome != "run"


@settings(deadline=None)
@given(tainted_calls())
def test_nothing_tainted_runs_under_any_permit(call: tuple[ToolContract, CallFacts]) -> None:
    """Not even where a policy permits everything on top of the defaults."""
    assert PERMISSIVE.decide(*call).outcome != "run"
