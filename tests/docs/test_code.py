"""The Python of every page runs, and its YAML, Cedar and JSON are read by the real readers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pointsman import Settings
from pointsman.evals.dataset import load_dataset
from pointsman.models.catalog.routes import RoutingRow
from pointsman.planners.library import load_playbook
from pointsman.policy.policyset import load_policies
from pointsman.policy.settings import PolicySettings
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


@pytest.mark.parametrize("block", blocks("cedar"), ids=str)
def test_policies_are_read(block: Block, tmp_path: Path) -> None:
    """Each fits the schema, as an addition to the policies that ship."""
    (tmp_path / "shown.cedar").write_text(block.text, encoding="utf-8")

    assert load_policies(PolicySettings(additions=(Path("shown.cedar"),)), tmp_path)


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_is_read(block: Block) -> None:
    """Each is one document."""
    assert json.loads(block.text)
