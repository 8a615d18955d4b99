"""`pointsman eval run`, as a program and as a person uses it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pointsman.cli.app import app
from pointsman.evals.dataset import SUPPORT_DESK, Dataset, load_dataset

WRONG = """
cases:
  - {id: right, kind: clean, task: "Where is order ORD-1003?", expected: {status: complete}}
  - {id: wrong, kind: edge, task: "Where is order ORD-1003?", expected: {status: partial}}
"""


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "pointsman.cli", "eval", "run", *words],
        capture_output=True,
        text=True,
        timeout=90,
        cwd=folder,
        env=dict(os.environ),
        check=False,
    )


def test_json_stands_alone_on_standard_output(tmp_path: Path) -> None:
    """One document, everything else on standard error, and 0 as every case passes."""
    done = run(
        "--case", "order_status_shipped", "--case", "out_of_scope", "--json", folder=tmp_path
    )

    document = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert document["passed"] is True
    assert [case["id"] for case in document["cases"]] == ["order_status_shipped", "out_of_scope"]
    assert document["total"]["usd"] == 0
    assert "1/2" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_failing_case_is_told_reported_and_is_exit_1(tmp_path: Path) -> None:
    """Plain lines without a terminal, and both reports in the folder."""
    dataset = tmp_path / "own.yaml"
    dataset.write_text(WRONG)
    desk = Path(__file__).parents[2] / "examples" / "support_desk"

    done = run(
        "-c", str(desk), "--dataset", str(dataset), "--report", str(tmp_path / "out"),
        folder=tmp_path,
    )  # fmt: skip

    assert done.returncode == 1, done.stderr
    assert "failed" in done.stdout
    assert "expected partial, got complete" in done.stdout
    assert "\x1b" not in done.stdout
    page = (tmp_path / "out" / "evaluation.md").read_text()
    data = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert "| wrong | edge | failed | complete | 0 | 0.00 | 1.00 | 1.00 |" in page
    assert "### wrong" in page
    assert [case["verdict"] for case in data["cases"]] == ["passed", "failed"]
    assert data["by_kind"]["clean"]["passed"] == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(("--case", "nope"), 2, "There is no case nope", id="case"),
        pytest.param(("-c", "nowhere"), 1, "There is no such file", id="settings"),
        pytest.param(("--dataset", "nowhere"), 1, "not a readable YAML", id="dataset"),
    ],
)
def test_wrong_use_is_said_in_one_document(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str
) -> None:
    """Nothing runs, and the error names what is wrong."""
    with pytest.raises(SystemExit) as ending:
        app(["eval", "run", *words, "--json"], prog_name="pointsman")

    assert ending.value.code == code
    assert said in json.loads(capsys.readouterr().out)["error"]["message"]


def test_the_case_of_the_documentation_is_one_of_the_dataset() -> None:
    """The page's YAML is a valid dataset, and its case is there under the same task."""
    root = Path(__file__).parents[2]
    page = (root / "docs" / "evaluation.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)

    [shown] = Dataset.from_json({"name": "docs", **yaml.safe_load(example)}).cases
    [real] = load_dataset(SUPPORT_DESK).only([shown.id]).cases
    assert (shown.task, shown.approvals) == (real.task, real.approvals)
