"""The Python of every page runs, and its YAML does what it is for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from pointsman import Settings
from pointsman.evals.dataset import load_dataset
from pointsman.evals.experiment import Experiment, run_experiment
from pointsman.examples.support_desk.tools import build_tools
from pointsman.models.calling.signals import signals_for
from pointsman.models.catalog.routes import RoutingRow, matching_row
from pointsman.planners.library import load_playbook
from pointsman.planners.playbook import PlaybookPlanner
from pointsman.planners.protocols import PlanRequest
from pointsman.state.plan import Plan
from pointsman.state.run import Run
from pointsman.state.task import Task
from pointsman.testing import load_gateway

from .pages import ROOT, Block, blocks

SAYS = {"README.md": ("REF-", "payment PAY-2001")}
"""What the first example of a page prints, besides ending well."""
WARNINGS = ("-W", "error", "-W", "ignore:ast.Str is deprecated:DeprecationWarning")
"""As pyproject.toml sets them for the tests."""
NOT_RUN_HERE = {
    ("docs/studio.md", "tests/server runs it against a server"),
}
"""Every block that the tests below leave out."""
TRIED_AS = {"python", "console", "sh", "yaml", "cedar", "json", "mermaid"}


def test_every_block_is_of_a_language_that_is_tried() -> None:
    """A page with another language needs a test that reads it."""
    assert [f"{b} is {b.language!r}" for b in blocks() if b.language not in TRIED_AS] == []


def test_the_blocks_that_are_not_run_are_listed() -> None:
    """A block is left out on purpose, with a reason that is written on the page and here."""
    assert {(block.page, block.why_not) for block in blocks() if block.why_not} == NOT_RUN_HERE


@pytest.mark.parametrize("block", [b for b in blocks("python") if not b.why_not], ids=str)
def test_python_runs(block: Block) -> None:
    """Each block is a script that works from the repository's root, without a warning."""
    done = subprocess.run(
        [sys.executable, *WARNINGS, "-c", block.text],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    if "print" in block.text:
        assert all(text in done.stdout for text in SAYS.get(block.page, ()))


def read(data: Any, file: Path) -> object:
    """Read a YAML block as what its keys say it is."""
    if isinstance(data, list):
        return [RoutingRow.model_validate(row) for row in data]
    if "cases" in data:
        return load_dataset(file)
    if "intents" in data:
        return load_playbook(file)
    if isinstance(data.get("models"), dict) and "faults" in data:
        return load_gateway(file)
    return Settings.parse({**data, "home": file.parent})


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_yaml_is_read(block: Block, tmp_path: Path) -> None:
    """Settings, playbooks, datasets, routing rows and scripts are valid as they stand."""
    file = tmp_path / "shown.yaml"
    file.write_text(block.text, encoding="utf-8")

    assert read(yaml.safe_load(block.text), file)


def holding(key: str) -> list[Any]:
    """Return the YAML blocks with a key, each as its page and its text."""
    shown = [block for block in blocks("yaml") if key in yaml.safe_load(block.text)]
    assert shown
    return [pytest.param(block.text, id=str(block)) for block in shown]


@pytest.mark.parametrize("text", holding("intents"))
async def test_a_playbook_plans_what_its_intents_ask_for(text: str, tmp_path: Path) -> None:
    """Each intent is understood, and what looks alike is not."""
    (tmp_path / "shown.yaml").write_text(text, encoding="utf-8")
    shown = load_playbook(tmp_path / "shown.yaml")
    contracts = [tool.contract for tool in build_tools(tmp_path)]
    planner, run = PlaybookPlanner([shown]), Run(id="r", started_at=0.0)

    for asked, steps in [(shown.intents, len(shown.steps)), (shown.not_intents, None)]:
        for words in asked:
            plan = await planner.plan(PlanRequest(task=Task(text=words), run=run, tools=contracts))
            assert (len(plan.steps) if isinstance(plan, Plan) else None) == steps, words


@pytest.mark.parametrize("text", holding("cases"))
async def test_a_dataset_passes(text: str, tmp_path: Path) -> None:
    """The support desk does what the page expects of it."""
    (tmp_path / "shown.yaml").write_text(text, encoding="utf-8")
    dataset = load_dataset(tmp_path / "shown.yaml")

    report = await run_experiment(
        Experiment(config=ROOT / "examples/support_desk", dataset=dataset)
    )

    assert report.passed, report


@pytest.mark.parametrize("text", holding("faults"))
def test_a_script_is_served(text: str, tmp_path: Path) -> None:
    """Its models reply over HTTP, under its key, and what it prices is billed."""
    (tmp_path / "shown.yaml").write_text(text, encoding="utf-8")
    shown = yaml.safe_load(text)
    model = next(iter(shown["models"]))

    with load_gateway(tmp_path / "shown.yaml") as gateway:
        said = httpx.post(
            f"{gateway.base_url}/chat/completions",
            headers={"authorization": f"Bearer {shown['api_key']}"},
            json={"model": model, "messages": [{"role": "user", "content": "Hi."}]},
        )

    assert said.json()["choices"][0]["message"]["content"] == shown["models"][model][0]
    assert gateway.requests[0].billed_usd


def test_the_routing_rows_route(tmp_path: Path) -> None:
    """As a table of settings, the first row that fits decides."""
    [rows] = [yaml.safe_load(b.text) for b in blocks("yaml") if b.text.startswith("- name")]
    models = {"routing": {"table": [*rows, {"name": "rest"}]}}
    table = Settings.parse({"home": tmp_path, "models": models}).models.routing.rows

    for shown in [*rows, {"name": "rest"}]:
        signals = signals_for("Hi.", **{"risk": "medium", **shown.get("match", {})})
        assert matching_row(table, signals).name == shown["name"]
