"""Loading: names in settings lead to objects, or to the same error every time."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pointsman.errors import ConfigError
from pointsman.loading import load_object, without_bytecode


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("tools = []\nraise RuntimeError('no luck')\n", RuntimeError, id="raises"),
        pytest.param("tools = []\nimport no_such_module_at_all\n", ImportError, id="imports"),
        pytest.param("tools = []\nraise SystemExit(3)\n", SystemExit, id="exits"),
        pytest.param("tools = [\n", SyntaxError, id="syntax"),
        pytest.param("other = []\n", ConfigError, id="no such name"),
    ],
)
def test_a_file_that_fails_fails_the_same_way_again(
    tmp_path: Path, text: str, error: type[BaseException]
) -> None:
    """Half a module never passes for a whole one."""
    (tmp_path / "tools.py").write_text(text, encoding="utf-8")
    said: list[str] = []

    for _ in range(2):
        with pytest.raises(error) as caught:
            load_object("./tools.py:tools", tmp_path, where="tools.0")
        said.append(str(caught.value))

    assert said[0] == said[1]


def test_a_mended_file_is_loaded(tmp_path: Path) -> None:
    """What was wrong before does not stick."""
    file = tmp_path / "tools.py"
    file.write_text("raise RuntimeError\n", encoding="utf-8")
    with pytest.raises(RuntimeError), without_bytecode():
        load_object("./tools.py:tools", tmp_path, where="tools.0")

    file.write_text("tools = ['hammer']\n", encoding="utf-8")

    assert load_object("./tools.py:tools", tmp_path, where="tools.0") == ["hammer"]


def test_a_file_is_loaded_once(tmp_path: Path) -> None:
    """Two names of one file share its module."""
    (tmp_path / "tools.py").write_text("a = object()\nb = a\n", encoding="utf-8")

    a = load_object("./tools.py:a", tmp_path, where="tools.0")
    b = load_object("./tools.py:b", tmp_path, where="tools.1")

    assert a is b


def test_imports_without_bytecode_leave_no_cache(tmp_path: Path) -> None:
    """A look at a tools file leaves its folder as it was, and the process as it was."""
    (tmp_path / "tools.py").write_text("tools = []\n", encoding="utf-8")
    before = sys.dont_write_bytecode

    with without_bytecode():
        load_object("./tools.py:tools", tmp_path, where="tools.0")

    assert [path.name for path in tmp_path.iterdir()] == ["tools.py"]
    assert sys.dont_write_bytecode == before


def test_a_package_that_fails_fails_the_same_way_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that a failing package has imported is not found behind its back."""
    package = tmp_path / "half_a_package" / "inner"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("")
    (package / "__init__.py").write_text("from . import tools\nraise ValueError('no luck')\n")
    (package / "tools.py").write_text("tools = []\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    for _ in range(2):
        with pytest.raises(ValueError, match="no luck"):
            load_object("half_a_package.inner.tools:tools", tmp_path, where="tools.0")
