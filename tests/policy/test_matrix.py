"""The matrix of decisions, and explanations."""

from __future__ import annotations

from pointsman.policy.cedar import CedarPolicy
from pointsman.policy.matrix import explain, matrix
from pointsman.policy.settings import PolicySettings, ToolOverride


def test_the_matrix_holds_every_role_and_tool(contract) -> None:
    """One cell for each, with what a caller and an approver may do."""
    tools = [contract(), contract(name="look", effect="read", scopes=("x",), amount="")]

    table = matrix(CedarPolicy(), tools)

    cells = {(cell.tool, cell.role): cell for cell in table.cells}
    assert len(cells) == 6
    assert (cells["look", "user"].clean, cells["look", "user"].tainted) == ("run", "run")
    refund = cells["issue_refund", "user"]
    assert (refund.sees, refund.clean, refund.tainted, refund.approves) == (
        True,
        "ask",
        "ask",
        False,
    )
    assert cells["issue_refund", "admin"].approves
    assert table.problems == ()


def test_the_matrix_shows_a_hole_in_the_policies(tmp_path, contract) -> None:
    """Policies without the forbid of promise 4 are called out."""
    path = tmp_path / "own.cedar"
    path.write_text('@id("all") permit (principal, action, resource);')

    table = matrix(CedarPolicy(PolicySettings(file=path)), [contract()], roles=("user",))

    assert table.problems == (
        "issue_refund: runs unattended for user although untrusted text asked for it.",
    )


def test_the_matrix_names_corrections_and_arguments_of_nothing(contract) -> None:
    """A correction for a tool that does not exist, and arguments a tool does not take."""
    settings = PolicySettings(tools={"isue_refund": ToolOverride(effect="money")})
    schema = {"type": "object", "properties": {"amount": {"type": "number"}}}
    tool = contract(args_schema=schema, consequential=("amount", "recipient"))

    problems = matrix(CedarPolicy(settings), [tool], roles=("user",)).problems

    assert len(problems) == 2
    assert "isue_refund" in problems[0]
    assert "recipient" in problems[1]


def test_an_explanation_names_policies_and_reasons(contract, facts) -> None:
    """Both questions, who decided them, and what was tainted by what."""
    told = explain(CedarPolicy(), contract(), facts(tainted_args={"amount": ("page",)}))

    call, unattended = told.questions
    assert told.decision.outcome == "ask"
    assert (call.action, call.allowed, [p.id for p in call.policies]) == (
        "call",
        True,
        ["call-money"],
    )
    assert not unattended.allowed
    assert [p.id for p in unattended.policies] == ["untrusted-text-gives-no-orders"]
    assert told.tainted_by == ("page",)
