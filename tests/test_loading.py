"""Loading: names in settings lead to objects, or to the same error every time."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.errors import ConfigError
from pointsman.loading import load_object, without_bytecode


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("tools = []\nraise RuntimeError('no luck')\n", RuntimeError, id="raises"),
        pytest.param("tools = []\nimport no_such_module_at_all\n", ImportError, id="imports"),
        pytest.param("tools = []\nraise SystemExit(3)\n", SystemExit, id="exits"),
        pytest.param("tools = [\n", SyntaxError, id="syntax"),
        pytest.param(
            "import sys\ndel sys.modules[__name__]\nraise ValueError\n", ValueError, id="leaves"
        ),
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


FAILS = "raise ValueError('no luck')\n"
HALF: dict[str, dict[str, str]] = {
    "a part": {"pk/__init__.py": f"from . import sub\n{FAILS}", "pk/sub.py": "look = 1\n"},
    "a part of a part": {
        "pk/__init__.py": f"import pk.inner.sub\n{FAILS}",
        "pk/inner/__init__.py": "",
        "pk/inner/sub.py": "look = 1\n",
        "pk/sub.py": "from .inner.sub import look\n",
    },
    "a package in a whole one": {
        "pk/__init__.py": "",
        "pk/inner/__init__.py": f"from . import sub\n{FAILS}",
        "pk/inner/sub.py": "look = 1\n",
        "pk/sub.py": "from pk.inner.sub import look\n",
    },
    "a part that imports it in a circle": {
        "pk/__init__.py": f"from . import sub\n{FAILS}",
        "pk/sub.py": "import pk\nlook = 1\n",
    },
    "a module beside it in a circle": {
        "pk/__init__.py": f"NAME = 'pk'\nimport beside\n{FAILS}",
        "pk/sub.py": "from beside import look\n",
        "beside.py": "from pk import NAME\nlook = 1\n",
    },
    "a module behind the one beside it": {
        "pk/__init__.py": f"import beside\n{FAILS}",
        "pk/sub.py": "from behind import look\n",
        "beside.py": "import behind\n",
        "behind.py": "from importlib import import_module\npk = import_module('pk')\nlook = 1\n",
    },
    "a part that was pulled in by another": {
        "pk/__init__.py": f"import beside\n{FAILS}",
        "pk/sub.py": "look = 1\n",
        "beside.py": "import pk.sub\n",
    },
    "an error told as another": {
        "pk/__init__.py": f"from . import sub\ntry:\n    {FAILS}except ValueError:\n"
        "    raise RuntimeError('no luck') from None\n",
        "pk/sub.py": "look = 1\n",
    },
}
"""What a package that fails leaves behind → files below a folder on the path."""


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path whose modules are forgotten after the test."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in sys.modules.keys() - before:
        del sys.modules[name]


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("times", [2, 3])
@pytest.mark.parametrize("name", ["./tools.py:look", "m:look", "pk.sub:look"])
@pytest.mark.parametrize("files", HALF.values(), ids=HALF.keys())
def test_a_load_through_a_failing_package_fails_the_same_way_again(
    apart: Path, files: Mapping[str, str], name: str, times: int
) -> None:
    """What a package that fails has imported is not found behind its back."""
    _write(apart, {**files, **dict.fromkeys(("tools.py", "m.py"), "from pk.sub import look\n")})

    for _ in range(times):
        with pytest.raises((ValueError, RuntimeError), match="no luck"):
            load_object(name, apart, where="tools.0")


@pytest.mark.parametrize("files", HALF.values(), ids=HALF.keys())
def test_failing_loads_in_turn_fail_the_same_way(apart: Path, files: Mapping[str, str]) -> None:
    """Nor does another name find what a load before has left."""
    _write(apart, {**files, **dict.fromkeys(("tools.py", "m.py"), "from pk.sub import look\n")})

    for name in ("./tools.py:look", "m:look", "pk.sub:look") * 3:
        with pytest.raises((ValueError, RuntimeError), match="no luck"):
            load_object(name, apart, where="tools.0")


def test_a_failing_load_leaves_alone_what_stands_on_its_own(apart: Path) -> None:
    """A library that a failing module has imported is not imported a second time."""
    _write(
        apart,
        {
            "lib/__init__.py": "try:\n    from . import no_such\nexcept ImportError:\n    pass\n"
            "from .part import THING\n",
            "lib/part.py": "THING = object()\n",
            "alone.py": "try:\n    from .lib import THING\nexcept ImportError:\n    import lib\n",
            "tools.py": f"import lib, alone, pk\n{FAILS}",
            "pk/__init__.py": "from . import bad\n",
            "pk/bad.py": f"import lib, alone\n{FAILS}",
        },
    )

    for _ in range(2):
        with pytest.raises(ValueError, match="no luck"):
            load_object("./tools.py:look", apart, where="tools.0")
        kept = {name: sys.modules.get(name) for name in ("lib", "lib.part", "alone")}
        assert None not in kept.values()
    assert kept["lib"].THING is sys.modules["lib.part"].THING  # type: ignore[union-attr]


def test_a_mended_package_is_loaded(apart: Path) -> None:
    """Nothing of the failed load is met again, not even a part of a package that is whole."""
    files = {
        "outer/__init__.py": "",
        "outer/beside.py": "from pk import NAME\n",
        "pk/__init__.py": f"NAME = 'old'\nimport outer.beside\n{FAILS}",
        "m.py": "import outer, pk\nfrom outer import beside\nlook = beside.NAME\n",
    }
    _write(apart, files)
    with pytest.raises(ValueError, match="no luck"), without_bytecode():
        load_object("m:look", apart, where="tools.0")

    _write(apart, {"pk/__init__.py": "NAME = 'mended'\n"})

    assert load_object("m:look", apart, where="tools.0") == "mended"


NAMES = ("wa", "wb", "wb.c", "wb.d", "wb.d.e", "wf")


@settings(max_examples=50)
@given(seed=st.randoms(use_true_random=False))
def test_after_a_load_that_fails_every_module_left_is_whole(
    tmp_path_factory: pytest.TempPathFactory, seed: random.Random
) -> None:
    """Whatever imports whatever: it fails the same way again, and leaves nothing half done."""
    folder = tmp_path_factory.mktemp("world")
    _write(folder, {_file(name): _module(seed) for name in NAMES} | {"tools.py": _module(seed)})
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        try:
            for name in seed.choices(["./tools.py:whole", *(f"{n}:whole" for n in NAMES)], k=3):
                first = _loaded(name, folder)
                if first is None:
                    break  # What has succeeded may rightly change what comes after.
                _assert_whole()
                assert _loaded(name, folder) == first
                assert _loaded(name, folder) == first
                _assert_whole()
        finally:
            for name in [*NAMES, *(n for n in sys.modules if n.startswith("pointsman_file_tools"))]:
                sys.modules.pop(name, None)


def _file(name: str) -> str:
    path = name.replace(".", "/")
    return f"{path}/__init__.py" if any(n.startswith(f"{name}.") for n in NAMES) else f"{path}.py"


def _module(seed: random.Random) -> str:
    lines = ["early = 1"]
    for other in seed.sample(NAMES, seed.choice([0, 1, 1, 2, 3])):
        parent, _, own = other.rpartition(".")
        part = f"from {parent} import {own}" if parent else f"import {other}"
        lines.append(seed.choice([f"import {other}", f"from {other} import early", part]))
    if seed.random() < 0.25:
        lines.insert(seed.randrange(len(lines) + 1), "raise ValueError(__name__)")
    return "\n".join([*lines, "whole = True", ""])


def _loaded(name: str, folder: Path) -> str | None:
    """Return how a load has failed, `None` if it has not."""
    try:
        load_object(name, folder, where="tools.0")
    except (ValueError, ImportError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def _assert_whole() -> None:
    left = {name: sys.modules[name] for name in NAMES if name in sys.modules}
    for name, module in left.items():
        assert hasattr(module, "whole"), name
        assert name.rpartition(".")[0] in ("", *left), name
        for held in vars(module).values():
            if isinstance(held, ModuleType) and held.__name__ in NAMES:
                assert held is left.get(held.__name__), (name, held)
