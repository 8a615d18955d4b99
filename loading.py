"""Loading: from the names that settings use to the Python objects they mean."""

from __future__ import annotations

import dis
import importlib
import importlib.util
import sys
from collections.abc import Generator, Iterator, Set
from contextlib import contextmanager, suppress
from pathlib import Path
from traceback import walk_tb
from types import ModuleType
from typing import Any

from .errors import ConfigError


def load_object(name: str, folder: Path, *, where: str) -> Any:
    """Load `package.module:attribute`, or `./file.py:attribute` relative to `folder`.

    Raises:
        ConfigError: The name has another form, or there is no such module or attribute. An error
            inside the module itself is not hidden.
    """
    module_name, _, attribute = name.rpartition(":")
    if not module_name or not attribute.isidentifier():
        raise ConfigError(
            f"{name!r} is not a name of an object.",
            where=where,
            fix="Write package.module:name or ./file.py:name.",
        )
    with _whole_or_gone():
        if module_name.endswith(".py"):
            module = _load_file(folder / module_name, where)
        else:
            module = _load_module(module_name, where)
    if not hasattr(module, attribute):
        raise ConfigError(f"{module_name} has no {attribute!r}.", where=where, fix="Correct it.")
    return getattr(module, attribute)


@contextmanager
def _whole_or_gone() -> Generator[None]:
    """Let a load that fails leave no module that is not whole.

    A package that fails is taken out of `sys.modules`, but neither are its parts nor what has
    imported it meanwhile, in a circle: the next load would find these and succeed.
    """
    before = frozenset(sys.modules)
    try:
        yield
    except BaseException as error:
        added = sys.modules.keys() - before
        gone = _run_in(error) - sys.modules.keys()
        while lost := {name for name in added if _rests_on(name, gone)}:
            for name in lost:
                _drop(name)
            added, gone = added - lost, gone | lost
        raise


def _run_in(error: BaseException) -> set[str]:
    """Return the modules whose code an error, or one that led to it, has come through."""
    names, left, seen = set[str](), [error], set[int]()
    while left:
        one = left.pop()
        seen.add(id(one))
        names.update(f.f_globals.get("__name__", "") for f, _ in walk_tb(one.__traceback__))
        causes = (one.__cause__, one.__context__)
        left += [cause for cause in causes if cause is not None and id(cause) not in seen]
    return names


def _rests_on(name: str, gone: Set[str]) -> bool:
    if any(parent not in sys.modules for parent in _parents(name)):
        return True
    return not gone.isdisjoint(_imported_by(sys.modules[name]))


def _imported_by(module: ModuleType) -> Iterator[str]:
    """Yield what a module imports as it runs; what has no code in Python imports nothing of it."""
    held = getattr(module, "__dict__", {}).values()  # A module may put anything in its place.
    yield from (one.__name__ for one in held if isinstance(one, ModuleType))
    spec = getattr(module, "__spec__", None)
    code_of = getattr(spec and spec.loader, "get_code", None)
    code = code_of(spec.name) if spec and code_of else None
    operands: list[Any] = []
    for instruction in dis.get_instructions(code) if code else ():
        if spec and instruction.opname == "IMPORT_NAME":
            level, names = operands[-2:]
            # One that led nowhere and was caught is none.
            with suppress(ImportError):
                base = importlib.util.resolve_name("." * level + instruction.argval, spec.parent)
                yield from (*_parents(base), base, *(f"{base}.{one}" for one in names or ()))
        operands.append(instruction.argval)


def _drop(name: str) -> None:
    module = sys.modules.pop(name)
    parent, _, own = name.rpartition(".")
    if getattr(sys.modules.get(parent), own, None) is module:
        delattr(sys.modules[parent], own)


@contextmanager
def without_bytecode() -> Generator[None]:
    """Let imports in the block leave no `__pycache__` beside the files they read."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _load_module(name: str, where: str) -> ModuleType:
    try:
        for parent in _parents(name):
            # By itself first: an import elsewhere may have failed in it and left its parts behind.
            importlib.import_module(parent)
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
            raise  # A module that it imports is missing: that is not a wrong name.
        raise ConfigError(
            f"There is no module {error.name!r}.",
            where=where,
            fix="Install it or correct the name.",
        ) from None


def _parents(name: str) -> Iterator[str]:
    """Yield the packages that a module is in, outermost first."""
    parts = name.split(".")
    yield from (".".join(parts[:end]) for end in range(1, len(parts)))


def _load_file(path: Path, where: str) -> ModuleType:
    path = path.resolve()
    name = f"pointsman_file_{path.stem}_{abs(hash(path)):x}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path) if path.is_file() else None
    if spec is None or spec.loader is None:
        raise ConfigError(f"There is no file {path}.", where=where, fix="Correct the path.")
    module = importlib.util.module_from_spec(spec)
    # There before it runs: dataclasses and pickles look their module up by name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        # As for any import that fails: half a module must not pass for a whole one next time. It
        # may have taken itself out already.
        sys.modules.pop(name, None)
        raise
    return module
