"""The default policies and the engine's decisions."""

from __future__ import annotations

import re
import statistics
import time
from pathlib import Path
from typing import Any

import pytest

from pointsman.policy.cedar import CedarPolicy
from pointsman.policy.settings import PolicySettings, ToolOverride
from pointsman.state.run import Principal

SMALL_REFUNDS = """
@id("small-refunds")
@reason("Refunds up to $50 run unattended.")
permit (principal, action == Action::"callUnattended", resource == Tool::"issue_refund")
when { context has amountCents && context.amountCents <= 5000 };
"""


@pytest.mark.parametrize("effect", ["write", "money", "message", "account", "delete"])
def test_changes_wait_for_a_person(effect: str, contract, facts) -> None:
    """Whatever changes something is put before a person by default."""
    decision = CedarPolicy().decide(contract(effect=effect), facts())

    assert decision.outcome == "ask"
    assert decision.policies == (f"call-{effect}",)
    assert "issue_refund" in decision.reason


def test_reads_run_unattended(contract, facts) -> None:
    """A clean read needs nobody."""
    decision = CedarPolicy().decide(contract(effect="read"), facts())

    assert decision.outcome == "run"
    assert decision.policies == ("unattended-read", "call-read")


def test_a_tool_without_contract_asks(contract, facts) -> None:
    """The careful defaults of a contract end before a person."""
    bare = type(contract())(name="issue_refund", description="", args_schema={})

    assert CedarPolicy().decide(bare, facts()).outcome == "ask"


@pytest.mark.parametrize(
    ("contract_changes", "facts_changes", "policy_id", "words"),
    [
        pytest.param({}, {"allowed_tools": ("x",)}, "call-needs-allowlist", "task", id="allowlist"),
        pytest.param({}, {"allowed_tools": ()}, "call-needs-allowlist", "task", id="empty-list"),
        pytest.param({"scopes": ("pay", "x")}, {}, "call-needs-scopes", "pay, x", id="scopes"),
        pytest.param({}, {"frozen": True}, "call-frozen", "frozen", id="frozen"),
    ],
)  # fmt: skip
def test_refusals_say_why(
    contract_changes: dict[str, Any],
    facts_changes: dict[str, Any],
    policy_id: str,
    words: str,
    contract,
    facts,
) -> None:
    """A refusal names its policy and the reason in words, for reads as for the rest."""
    for effect in ("read", "money"):
        decision = CedarPolicy().decide(
            contract(effect=effect, **contract_changes), facts(**facts_changes)
        )

        assert decision.outcome == "refuse"
        assert decision.policies == (policy_id,)
        assert words in decision.reason


def test_an_unknown_tool_is_refused(contract, facts) -> None:
    """Facts about one tool are never judged by the contract of another."""
    decision = CedarPolicy().decide(contract(name="harmless", effect="read"), facts())

    assert (decision.outcome, decision.reason) == ("refuse", "issue_refund is not a known tool.")


def test_an_undefined_role_may_do_nothing(contract, facts) -> None:
    """A role that nobody defined ranks below every role."""
    nobody = Principal(id="eve", role="root")
    policy = CedarPolicy()

    assert policy.decide(contract(effect="read"), facts(principal=nobody)).outcome == "refuse"
    assert not policy.may_see(contract(), nobody)
    assert not policy.may_use_model(nobody, "m", "")
    assert policy.may_administer(nobody, "pause").outcome == "refuse"


@pytest.mark.parametrize(
    ("contract_changes", "facts_changes"),
    [
        pytest.param({}, {"taint": ("page",)}, id="call"),
        pytest.param({}, {"tainted_args": {"amount": ("page",)}}, id="all-args-count"),
        pytest.param(
            {"consequential": ("items",)}, {"tainted_args": {"items.0.id": ("page",)}}, id="nested"
        ),
        pytest.param({"effect": "read", "egress": True}, {"taint": ("page",)}, id="egress"),
    ],
)
def test_untrusted_text_gives_no_orders(
    contract_changes: dict[str, Any], facts_changes: dict[str, Any], contract, facts, policy
) -> None:
    """Taint asks, whatever a permit says, and names the source."""
    everything = policy(
        '@id("all") permit (principal, action == Action::"callUnattended", resource);'
    )

    clean = everything.decide(contract(**contract_changes), facts())
    tainted = everything.decide(contract(**contract_changes), facts(**facts_changes))

    assert clean.outcome == "run"
    assert tainted.outcome == "ask"
    assert tainted.policies[0] == "untrusted-text-gives-no-orders"
    assert "page" in tainted.reason


def test_taint_on_a_harmless_argument_does_not_ask(contract, facts, policy) -> None:
    """Untrusted text may fill in what decides nothing."""
    decision = policy(SMALL_REFUNDS).decide(
        contract(consequential=("order", "amount")), facts(tainted_args={"note": ("page",)})
    )

    assert decision.outcome == "run"


def test_a_tainted_plain_read_runs(contract, facts) -> None:
    """A read that carries nothing out may follow what was read."""
    decision = CedarPolicy().decide(contract(effect="read"), facts(taint=("page",)))

    assert decision.outcome == "run"


@pytest.mark.parametrize(
    ("args", "outcome"),
    [
        pytest.param({"amount": 50}, "run", id="at-the-threshold"),
        pytest.param({"amount": "49.99"}, "run", id="decimal-text"),
        pytest.param({"amount": 50.001}, "ask", id="above-by-a-fraction"),
        pytest.param({"amount": -10_000}, "ask", id="negative"),
        pytest.param({"amount": float("inf")}, "ask", id="infinite"),
        pytest.param({"amount": float("nan")}, "ask", id="nan"),
        pytest.param({"amount": "1e1"}, "ask", id="odd-text"),
        pytest.param({"amount": True}, "ask", id="boolean"),
        pytest.param({"amount": None}, "ask", id="null"),
        pytest.param({}, "ask", id="missing"),
        pytest.param({"amount": 10**400}, "ask", id="huge"),
    ],
)
def test_a_threshold_is_policy(args: dict[str, Any], outcome: str, contract, facts, policy) -> None:
    """Refunds up to $50 run unattended under four lines of Cedar; anything else still asks."""
    assert policy(SMALL_REFUNDS).decide(contract(), facts(args=args)).outcome == outcome


def test_a_small_refund_still_asks_when_tainted_or_told_to_ask(contract, facts, policy) -> None:
    """Forbids win over a threshold's permit."""
    engine = policy(SMALL_REFUNDS)

    assert engine.decide(contract(), facts(taint=("page",))).outcome == "ask"
    assert engine.decide(contract(), facts(ask_always=True)).policies[0] == "ask-always"


def test_ask_always_leaves_plain_reads_alone(contract, facts) -> None:
    """`ask_always` is about effects."""
    decision = CedarPolicy().decide(contract(effect="read"), facts(ask_always=True))

    assert decision.outcome == "run"


@pytest.mark.parametrize(
    "amount",
    [
        *("2e4", "+20000", "20,000", "20.000", "20 000", "20k", "$20000", "0x4e20", " 20000", ""),
        *(
            "NaN",
            "twenty thousand",
            "２００００",
            "20'000",
            None,
            True,
            [20_000],
            {"value": 20_000},
        ),
    ],
)
def test_an_amount_that_cannot_be_read_is_the_largest(contract, facts, policy, amount: Any) -> None:
    """An upper limit that refuses 20000 refuses every other way to write it."""
    engine = policy(
        '@id("limit") forbid (principal, action in [Action::"call", Action::"callUnattended"], '
        "resource) when { context has amountCents && context.amountCents > 1000000 };"
    )

    assert engine.decide(contract(), facts(args={"amount": amount})).outcome == "refuse"
    assert engine.decide(contract(), facts(args={})).outcome == "refuse"
    assert engine.decide(contract(), facts(args={"amount": "9999.50"})).outcome != "refuse"


def test_the_commented_examples_are_valid_and_work(contract, facts, policy) -> None:
    """What the default file offers for copying does what its reasons say."""
    shipped = (Path(__file__).parents[2] / "policy" / "default.cedar").read_text("utf-8")
    lines = [line[2:].strip() for line in shipped.splitlines() if line.startswith("//   ")]
    engine = policy("\n".join(re.findall(r"@id[^;]*;", "\n".join(lines))))

    def decide(**changes: Any):
        return engine.decide(contract(), facts(**changes))

    assert decide().outcome == "run"
    large = decide(args={"amount": 2000})
    assert (large.outcome, large.quorum, large.expires_seconds) == ("ask", 2, 900)
    assert large.allowed == ("approve", "reject")
    assert decide(args={"amount": 20_000}).policies == ("no-fortunes",)
    assert decide(confidence=0.5).policies[0] == "low-confidence"
    assert "50%" in decide(confidence=0.5).reason
    assert decide(spent_usd=5.001).policies[0] == "expensive-run"
    assert decide(environment="production").policies == ("production-changes",)
    assert not engine.may_use_model(Principal(), "openai/big", "confidential")
    assert engine.may_use_model(Principal(), "local/small", "confidential")


def test_the_strictest_of_several_policies_holds(contract, facts, policy) -> None:
    """Largest quorum, smallest expiry, and only the decisions that all of them allow."""
    engine = policy(
        """
        @id("a") @quorum("3") @expires("600") @allowed("approve,edit,reject")
        permit (principal, action == Action::"call", resource);
        @id("b") @quorum("2") @expires("300") @allowed("reject,approve,respond")
        forbid (principal, action == Action::"callUnattended", resource);
        """
    )

    decision = engine.decide(contract(), facts())

    assert (decision.quorum, decision.expires_seconds) == (3, 300)
    assert decision.allowed == ("approve", "reject")


def test_a_person_can_always_say_no(contract, facts, policy) -> None:
    """Policies that allow nothing in common leave rejection."""
    engine = policy(
        """
        @id("a") @allowed("approve") permit (principal, action == Action::"call", resource);
        @id("b") @allowed("edit") permit (principal, action == Action::"call", resource);
        """
    )

    assert engine.decide(contract(), facts()).allowed == ("reject",)


def test_a_policy_that_fails_to_evaluate_refuses(contract, facts, policy) -> None:
    """Cedar would leave a failing forbid out; we refuse instead."""
    engine = policy(
        '@id("overflow") forbid (principal, action == Action::"call", resource)'
        " when { context has amountCents && context.amountCents * 9000000000000000000 > 1 };"
    )

    decision = engine.decide(contract(effect="read"), facts())

    assert decision.outcome == "refuse"
    assert "overflow" in decision.reason


@pytest.mark.parametrize("field", ["id", "tenant"])
def test_facts_that_cedar_cannot_read_refuse(field: str, contract, facts) -> None:
    """Half a surrogate pair is no text, and no reason to let a call through."""
    strange = Principal.model_construct(**{**Principal(id="x").model_dump(), field: "\ud800"})

    decision = CedarPolicy().decide(
        contract(effect="read"), facts().model_copy(update={"principal": strange})
    )

    assert decision.outcome == "refuse"
    assert decision.reason


def test_quotes_in_names_stay_names(contract, facts) -> None:
    """Entity ids are data, never policy syntax."""
    name = 'x"; permit(principal, action, resource); //\n'
    who = Principal(id=name)

    decision = CedarPolicy().decide(contract(name=name), facts(tool=name, principal=who))

    assert decision.outcome == "ask"


def test_an_override_corrects_a_lying_contract(contract, facts) -> None:
    """The operator's word counts over the tool's."""
    lying = contract(effect="read")
    settings = PolicySettings(tools={"issue_refund": ToolOverride(effect="money")})

    assert CedarPolicy(settings).decide(lying, facts()).outcome == "ask"


def test_an_override_freezes_a_tool(contract, facts) -> None:
    """A tool can be frozen by settings as well as by a switch."""
    settings = PolicySettings(tools={"issue_refund": ToolOverride(frozen=True)})

    assert CedarPolicy(settings).decide(contract(), facts()).policies == ("call-frozen",)


def test_the_version_follows_what_decides(policy) -> None:
    """Policies, overrides and environment change the version; the same again does not."""
    versions = [
        policy().version,
        policy(SMALL_REFUNDS).version,
        policy(tools={"t": ToolOverride(frozen=True)}).version,
        policy(environment="production").version,
    ]

    assert len(set(versions)) == len(versions)
    assert policy().version == versions[0]


def test_the_setting_for_environment_wins(contract, facts, policy) -> None:
    """A caller cannot talk itself out of production."""
    engine = policy(
        '@id("prod") forbid (principal, action == Action::"call", resource)'
        ' when { context.environment == "production" };',
        environment="production",
    )

    assert engine.decide(contract(), facts(environment="development")).outcome == "refuse"


def test_a_decision_takes_less_than_a_millisecond(contract, facts) -> None:
    """The design's number, with the margin that a shared machine needs (median of 200)."""
    engine, tool, call = CedarPolicy(), contract(), facts(taint=("page",))
    taken: list[float] = []
    for _ in range(200):
        start = time.perf_counter()
        engine.decide(tool, call)
        taken.append(time.perf_counter() - start)

    assert statistics.median(taken) < 0.001
