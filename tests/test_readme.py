"""What the README alone promises; tests/docs tries its code, its commands and its links."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from pointsman import Settings
from pointsman.toolbox import configured_tools

TEXT = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_the_settings_name_real_tools(tmp_path: Path) -> None:
    """The tools of the configuration that it shows are loaded."""
    [shown] = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)

    settings = Settings.parse({**yaml.safe_load(shown), "home": tmp_path})

    assert len(configured_tools(settings)) > 5
