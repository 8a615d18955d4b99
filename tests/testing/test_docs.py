"""What docs/testing.md shows is true."""

from __future__ import annotations

from pathlib import Path

import pointsman.testing as public
from pointsman.testing import FAULTS

PAGE = (Path(public.__file__).parents[1] / "docs" / "testing.md").read_text(encoding="utf-8")


def test_every_fault_is_listed() -> None:
    """The table is the code's own table."""
    for kind, spec in FAULTS.items():
        assert f"| `{kind}` | {spec.promise} | {'yes' if spec.uses_reply else ''} |" in PAGE


def test_the_public_names_exist() -> None:
    """`__all__` names exactly what the package offers."""
    assert all(hasattr(public, name) for name in public.__all__)
    assert public.__all__ == sorted(public.__all__)
