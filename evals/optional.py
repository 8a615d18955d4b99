"""Optional parts: benchmarks whose packages a plain install does not bring."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from ..errors import ConfigError


@contextmanager
def bringing(package: str, *, where: str, install: str) -> Generator[None]:
    """Turn an import that fails within the block into an error that says what to install.

    A benchmark's package stands in no extra: what it asks for itself is left out on purpose, and
    what we use of that is the extra. Either may be missing.

    Args:
        package: The benchmark's package.
        where: The benchmark.
        install: How both are installed.

    Raises:
        ConfigError: Something could not be imported; it names it.
    """
    try:
        yield
    except ImportError as error:
        missing = getattr(error, "name", None)
        what = f"The package {missing.partition('.')[0]}" if missing else f"A part of {package}"
        raise ConfigError(f"{what} is not installed.", where=where, fix=install) from error
