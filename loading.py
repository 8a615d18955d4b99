"""Loading: from the names that settings use to the Python objects they mean."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
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
    if module_name.endswith(".py"):
        module = _load_file(folder / module_name, where)
    else:
        module = _load_module(module_name, where)
    if not hasattr(module, attribute):
        raise ConfigError(f"{module_name} has no {attribute!r}.", where=where, fix="Correct it.")
    return getattr(module, attribute)


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
            # By itself first: a package that fails has been left out again, but what it had
            # imported has not, and would be found the second time.
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
        # As for any import that fails: half a module must not pass for a whole one next time.
        del sys.modules[name]
        raise
    return module
