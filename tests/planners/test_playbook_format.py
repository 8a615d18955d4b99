"""The format of playbooks: what a wrong file is told."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from pointsman.errors import ConfigError
from pointsman.planners.library import load_playbook, load_playbooks
from pointsman.planners.template import instantiate

GOOD = dedent(
    """\
    name: order_status
    description: Say where an order is.
    intents: [where is order ORD-1001]
    arguments:
      order_id: {description: the order number, pattern: 'ORD-\\d{4}', case: upper}
      note: {description: a note, required: false, pattern: 'note \\w+'}
    tools: [get_order, send_reply]
    steps:
      - id: order
        kind: tool
        tool: get_order
        args: {order_id: {$arg: order_id}, item: {$arg: note}}
      - id: reply
        if: note
        kind: tool
        tool: send_reply
        args: {body: {$join: [Order, ' ', {$arg: order_id}, ': ', {$from: order, path: summary}]}}
    answer:
      - text: {$from: order, path: summary}
        cites: [order]
      - text: A reply was sent.
        cites: [reply]
        if: note
    """
)


def written(folder: Path, text: str) -> Path:
    """Write a playbook and return its file."""
    file = folder / "status.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_good_file_loads(tmp_path: Path) -> None:
    """The format's own example is a playbook."""
    playbook = load_playbook(written(tmp_path, GOOD), tools={"get_order", "send_reply"})

    assert playbook.name == "order_status"
    assert [step.if_ for step in playbook.steps] == [None, "note"]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        pytest.param("name:", "nom:", "name", id="missing"),
        pytest.param(
            "intents: [where is order ORD-1001]", "intents: []", "intents", id="no-intent"
        ),
        pytest.param("tools: [", "colour: red\ntools: [", "colour", id="unknown-field"),
        pytest.param("required: false", "needed: false", "arguments.note.needed", id="argument"),
        pytest.param("'ORD-\\d{4}'", "'ORD-('", "arguments.order_id.pattern", id="pattern"),
        pytest.param(", pattern: 'note \\w+'", "", "arguments.note", id="unfindable"),
        pytest.param("{$arg: order_id}, item", "{$arg: id}, item", "steps.0", id="unknown-arg"),
        pytest.param(
            "if: note\n    kind", "if: memo\n    kind", "steps.1.if", id="unknown-condition"
        ),
        pytest.param("tool: get_order", "tool: get_ordre", "steps.0.tool", id="tool-not-listed"),
        pytest.param("{$from: order, path: summary}]", "{$from: ordre}]", "reply", id="reference"),
        pytest.param("cites: [order]", "cites: [ordre]", "answer", id="citation"),
        pytest.param(
            "kind: tool\n    tool: get", "kind: tol\n    tool: get", "steps.0.kind", id="kind"
        ),
        pytest.param("name: order_status", "name: [", "It is not YAML", id="yaml"),
    ],
)
def test_an_error_names_file_and_field(tmp_path: Path, old: str, new: str, field: str) -> None:
    """A wrong file is refused with its name and the field that is wrong."""
    assert old in GOOD

    with pytest.raises(ConfigError) as caught:
        load_playbook(written(tmp_path, GOOD.replace(old, new, 1)))

    assert "status.yaml" in str(caught.value)
    assert field in str(caught.value)


def test_a_tool_must_exist(tmp_path: Path) -> None:
    """Where the tools are known, a playbook cannot list another."""
    with pytest.raises(ConfigError, match="send_reply"):
        load_playbook(written(tmp_path, GOOD), tools={"get_order"})


def test_a_step_that_may_be_left_out_cannot_be_referred_to(tmp_path: Path) -> None:
    """A reference that breaks without an optional argument is found when the file is loaded."""
    text = GOOD.replace("- text: A reply was sent.\n    cites: [reply]\n    if: note", "").replace(
        "text: {$from: order, path: summary}", "text: {$from: reply, path: id}"
    )

    with pytest.raises(ConfigError, match="reply"):
        load_playbook(written(tmp_path, text))


def test_names_are_unique(tmp_path: Path) -> None:
    """Two files cannot hold the same playbook."""
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yaml").write_text(GOOD)

    with pytest.raises(ConfigError, match=r"b\.yaml: name"):
        load_playbooks(tmp_path)


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    """A folder without playbooks is a mistake in the settings."""
    with pytest.raises(ConfigError, match="no playbook"):
        load_playbooks(tmp_path)


def test_an_expression_reads_arguments_and_renamed_steps(tmp_path: Path) -> None:
    """An argument becomes a literal in it, and a step keeps its prefix."""
    file = tmp_path / "a.yaml"
    old = "{$join: [Order, ' ', {$arg: order_id}, ': ', {$from: order, path: summary}]}"
    file.write_text(GOOD.replace(old, "{$expr: 'join([order_id, order.summary])'}"))
    values = {"order_id": "ORD-1001", "note": "note x"}

    steps, _ = instantiate(load_playbook(file), values, prefix="q1_")

    assert steps[1].args["body"] == {"$expr": "join(['ORD-1001', q1_order.summary])"}


def test_a_condition_reads_arguments_and_renamed_steps(tmp_path: Path) -> None:
    """It is an expression like any other."""
    file = tmp_path / "a.yaml"
    when = "    tool: send_reply\n    when: has(order.summary) and order.id != order_id\n"
    file.write_text(GOOD.replace("    tool: send_reply\n", when))

    steps, _ = instantiate(
        load_playbook(file), {"order_id": "ORD-1001", "note": "note x"}, prefix="q1_"
    )

    assert steps[1].when == "has(q1_order.summary) and q1_order.id != 'ORD-1001'"
