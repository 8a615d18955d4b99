"""YAML is read strictly, wherever it is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import pointsman
from pointsman.errors import PointsmanError
from pointsman.evals.dataset import load_dataset
from pointsman.models.catalog.source import FileSettings
from pointsman.planners.library import load_playbook
from pointsman.settings import Settings
from pointsman.state.yaml_text import read_yaml
from pointsman.testing.script_file import load_gateway
from pointsman.tools import load_contracts

TWICE = [
    pytest.param("a: 1\nb: 2\na: 3\n", "line 3.*the key a", id="plain"),
    pytest.param("x:\n  a: 1\n  'a': 2\n", "line 3.*the key a", id="nested-and-quoted"),
    pytest.param("- {a: 1, a: 1}\n", "line 1.*the key a", id="flow"),
    pytest.param("max_turns: 1\nmax_turns: 1\n", "line 2.*the key max_turns", id="setting"),
    *(
        pytest.param(f"{one}: 1\n{other}: 2\n", "line 2.*", id=f"{one} and {other}")
        for one, other in (
            ("1", "'1'"),
            ("1", "1.0"),
            ("0x10", "16"),
            ("null", "~"),
            ("true", "'true'"),
            ("2026-11-27", "'2026-11-27'"),
        )
    ),
    pytest.param("a: &x {b: 1}\nc:\n  <<: *x\n  <<: *x\n", "line 4.*", id="merges"),
    pytest.param("c:\n  <<: {b: 1, b: 2}\n", "line 2.*the key b", id="inside of what is merged"),
    pytest.param("step-2.x: 1\nstep-2.x: 1\n", "line 2.*the key step-2.x", id="digits"),
    pytest.param("sk-a1b2c3d4: 1\nsk-a1b2c3d4: 1\n", "line 2.*: a key", id="perhaps-a-secret"),
]


@pytest.mark.parametrize(("text", "where"), TWICE)
def test_a_key_that_stands_twice_is_refused(text: str, where: str) -> None:
    """The last one does not win in silence."""
    with pytest.raises(ValueError, match=f"{where} stands twice"):
        read_yaml(text)


def test_defaults_from_an_anchor_may_be_replaced() -> None:
    """`<<` says just that."""
    text = "base: &b {a: 1, b: 2}\nmine:\n  <<: *b\n  a: 3\n"
    assert read_yaml(text)["mine"] == {"a": 3, "b": 2}


def test_half_an_emoji_is_made_whole() -> None:
    """Neither a database nor an HTTP body can hold it."""
    assert read_yaml('a: "x\\uD83D"\n') == {"a": "x\ufffd"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(
            st.tuples(st.text(max_size=4) | st.integers(), inner),
            max_size=3,
            unique_by=lambda pair: str(pair[0]),
        ).map(dict)
    ),
    max_leaves=30,
)


@given(VALUES)
def test_everything_else_is_read_as_before(value: Any) -> None:
    """What is written can be read."""
    text = yaml.safe_dump(value)
    assert read_yaml(text) == yaml.safe_load(text)


def _settings(file: Path) -> Any:
    return Settings.load(file)


READERS: list[Callable[[Path], Any]] = [
    _settings,
    load_contracts,
    load_playbook,
    load_dataset,
    load_gateway,
    lambda file: FileSettings(file).current(),
]


@pytest.mark.parametrize("read", READERS)
def test_each_reader_says_where_a_key_stands_twice(
    read: Callable[[Path], Any], tmp_path: Path
) -> None:
    """Settings, contracts, playbooks, datasets, scripts, catalogs."""
    file = tmp_path / "file.yaml"
    file.write_text("name: a\nname: b\n", encoding="utf-8")
    with pytest.raises(PointsmanError, match=r"line 2.*stands twice"):
        read(file)


def test_no_other_reader_is_used() -> None:
    """A reader added later is strict, too."""
    package = Path(str(pointsman.__file__)).parent
    allowed = {"state/yaml_text.py"}
    found = {
        str(file.relative_to(package))
        for file in package.rglob("*.py")
        if (parts := file.relative_to(package).parts)[0] != "tests"
        and not any(part.startswith(".") for part in parts)
        and re.search(r"yaml\.(safe_|full_|unsafe_)?load(_all)?\(", file.read_text("utf-8"))
    }
    assert found <= allowed
