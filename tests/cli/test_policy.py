"""`policy`: what the policies in force mean."""

from __future__ import annotations

import pytest


def test_matrix_shows_roles_tools_and_decisions(desk):
    """The check prints what each role may do with each tool."""
    page = desk("policy", "check")
    document = desk("policy", "check", "--json").document

    assert page.code == 0
    cells = {(c["tool"], c["role"]): c for c in document["cells"]}
    assert cells["look_up", "user"]["clean"] == "run"
    assert cells["pay_back", "admin"]["clean"] == "ask"


def test_broken_policies_fail_by_name(desk, tmp_path):
    """Policies that do not fit the schema end with 1."""
    (tmp_path / "bad.cedar").write_text("permit (principal, action, resource) when {", "utf-8")
    file = tmp_path / "settings.yaml"
    file.write_text("policy: {file: bad.cedar}", encoding="utf-8")

    result = desk("policy", "check", "-c", str(file))

    assert result.code == 1
    assert "policy.file" in result.err


def test_decision_is_explained_by_its_policies(desk):
    """An explanation names the decision, the policies and the untrusted source."""
    words = ("policy", "explain", "pay_back", "--args", '{"order": "A-1", "amount": 5}')

    clean = desk(*words, "--json").document
    tainted = desk(*words, "--taint", "mail")

    assert clean["decision"]["outcome"] == "ask"
    assert "mail" in tainted.out
    assert "forbid" in tainted.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("nobody",), 2),
        (("pay_back", "--args", '{"order": "A-1", "amount": -5}'), 1),
        (("pay_back", "--args", "5"), 2),
        (("pay_back", "--role", "king"), 1),
    ],
    ids=["no such tool", "bad arguments", "no object", "no such role"],
)
def test_explanation_of_nonsense(desk, words, code):
    """What does not exist or fit is named."""
    assert desk("policy", "explain", *words).code == code
